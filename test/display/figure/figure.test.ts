import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bundleOf, Figure, type CurvePanel, type Series } from 'strobe/display';

const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, 0, 1e-320, 1e308, -1e308),
  fc.integer(),
);
const series = fc.record({
  kind: fc.constantFrom('line', 'points', 'bars', 'rows'),
  name: fc.string({ unit: 'binary' }),
  x: fc.array(anyNumber, { maxLength: 40 }),
  y: fc.array(anyNumber, { maxLength: 40 }),
  faint: fc.boolean(),
}) as fc.Arbitrary<Series>;
const axis = fc.record({ label: fc.string(), scale: fc.constantFrom('linear', 'log'), integer: fc.boolean() });
const curves = fc.record({
  kind: fc.constant('curves'),
  title: fc.string(),
  x: axis,
  y: axis,
  series: fc.array(series, { maxLength: 6 }),
  marks: fc.array(fc.record({ x: anyNumber, y: anyNumber, label: fc.string() }), { maxLength: 3 }),
}) as fc.Arbitrary<CurvePanel>;
const matrix = fc
  .array(fc.array(anyNumber, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 })
  .map((values) => ({
    kind: 'matrix' as const,
    rows: values.map((_, i) => `row ${i}`),
    columns: ['a', '<b>', 'a rather long name for a column'],
    values,
    diagonal: values.length % 2 === 0,
  }));
const figure = fc
  .array(fc.oneof(curves, matrix), { maxLength: 3 })
  .map((panels) => new Figure({ title: 'any', panels }));

/** Numbers in the attributes that place something. */
function coordinatesOf(svg: string): string[] {
  const attributes = svg.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy|r|width|height|d|transform|viewBox)="([^"]*)"/g);
  return [...attributes].map(([, value = '']) => value);
}

describe('a figure of any numbers', () => {
  it('places nothing at NaN or infinity, and outside the picture nothing', () => {
    fc.assert(
      fc.property(figure, (any) => {
        const svg = any.toSvg();
        for (const place of coordinatesOf(svg)) expect(place).not.toMatch(/NaN|Infinity|undefined/);
        const height = Number(/height="(\d+)"/.exec(svg)?.[1]);
        for (const [, y] of svg.matchAll(/ c?y="([^"]*)"/g)) expect(Number(y)).toBeLessThanOrEqual(height);
      }),
      { numRuns: 200 },
    );
  });

  it('is JSON for plotly, with nothing lost on the way', () => {
    fc.assert(
      fc.property(figure, (any) => {
        const { data, layout } = any.toPlotly();
        const finite = (_: string, value: unknown) => {
          if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
          return value;
        };
        JSON.stringify({ data, layout }, finite);
      }),
      { numRuns: 300 },
    );
  });

  it('has text, and HTML in which no text is markup', () => {
    fc.assert(
      fc.property(figure, (any) => {
        expect(any.toText().length).toBeGreaterThan(0);
        const html = any.toHtml({ plotly: false });
        expect(html.match(/<\/script>/g)).toHaveLength(1);
      }),
      { numRuns: 30 },
    );
  });
});

it('escapes what a name holds', () => {
  const named = new Figure({
    title: '<script>alert("x")</script> & more',
    panels: [{ kind: 'curves', x: {}, y: {}, series: [{ kind: 'line', name: '</svg>', x: [0, 1], y: [0, 1] }] }],
  });
  expect(named.toSvg()).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; more');
  expect(named.toHtml({ plotly: false })).not.toContain('<script>alert');
});

it('marks where values are not finite, once for each', () => {
  const y = [1, NaN, 0.5, Infinity, 0.4];
  const broken = new Figure({
    panels: [{ kind: 'curves', x: {}, y: {}, series: [{ kind: 'line', name: 'loss', x: [0, 1, 2, 3, 4], y }] }],
  });
  expect(broken.toSvg().match(/not a finite number/g)).toHaveLength(2);
  expect(broken.toPlotly().layout.annotations).toMatchObject([
    { text: '×', x: 1 },
    { text: '×', x: 3 },
  ]);
});

it('draws no more points of a long series than can be told apart, its extremes among them', () => {
  const n = 100_000;
  const y = Array.from({ length: n }, (_, i) => (i === 54_321 ? 100 : Math.sin(i / 1000)));
  const x = y.map((_, i) => i);
  const long = new Figure({ panels: [{ kind: 'curves', x: {}, y: {}, series: [{ kind: 'line', name: '', x, y }] }] });
  const path = /<path d="(M[^"]*)"/.exec(long.toSvg())?.[1] ?? '';
  expect(path.split('L').length).toBeLessThan(2000);
  const heights = path
    .split(/[ML]/)
    .slice(1)
    .map((point) => Number(point.split(' ')[1]));
  expect(Math.min(...heights)).toBeLessThan(40);
});

it('is a PNG without fonts of the machine: the text leaves its pixels', () => {
  const bare = (title: string) => new Figure({ title, panels: [] }).toPng().length;
  expect(new Figure({ panels: [] }).toPng().subarray(1, 4).toString()).toBe('PNG');
  expect(bare('Learning rate')).toBeGreaterThan(bare(' ') + 500);
});

it('brings plotly along once, and otherwise finds it on the page', () => {
  const small = new Figure({ panels: [] });
  expect(small.toHtml({ plotly: true }).length).toBeGreaterThan(1e6);
  bundleOf(small);
  expect(small.toHtml().length).toBeLessThan(1e4);
});
