import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placeMarks, type Area } from '../../../src/display/figure/marks.js';
import { textWidth } from '../../../src/display/figure/svg-text.js';

const area: Area = { left: 40, top: 30, width: 600, height: 200, x: (value) => value, y: (value) => value };
const point = fc.record({
  x: fc.integer({ min: 40, max: 640 }),
  y: fc.integer({ min: 30, max: 230 }),
  label: fc.string({ minLength: 1, maxLength: 16 }),
});

it('lets no label cover another, and none leave the plot', () => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 8 }), (marks) => {
      const placed = placeMarks(marks, area);
      expect(placed).toHaveLength(marks.length);
      placed.forEach((mark, i) => {
        const [from, to] = [mark.from, mark.from + textWidth(mark.label, 11)];
        expect(from).toBeGreaterThanOrEqual(area.left);
        expect(to).toBeLessThanOrEqual(area.left + area.width + 9);
        expect(mark.baseline).toBeGreaterThan(area.top);
        expect(mark.baseline).toBeLessThanOrEqual(area.top + area.height);
        for (const other of placed.slice(i + 1)) {
          const aside = other.from >= to || from >= other.from + textWidth(other.label, 11);
          expect(aside || Math.abs(other.baseline - mark.baseline) >= 15).toBe(true);
        }
      });
    }),
  );
});

it('keeps a label beside its point where there is room, and says so where there is none', () => {
  const label = 'valley 0.001';
  const marks = [
    { x: 100, y: 150, label },
    { x: 110, y: 150, label },
  ];
  expect(placeMarks(marks, area).map(({ x, apart }) => [x, apart])).toEqual([
    [110, false],
    [100, true],
  ]);
});

it('leaves out what has no place', () => {
  expect(placeMarks([{ label: 'nowhere' }, { x: NaN, y: NaN, label: 'nowhere' }], area)).toEqual([]);
});
