import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, it } from 'vitest';
import { htmlTable, plainTable } from '../../src/display/table.js';

it('aligns columns whatever is in them', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replace(/[|\p{C}\p{Z}]/gu, 'x'));
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, fc.constant('end')), { maxLength: 5 }), (rows) => {
      const lines = plainTable({ header: ['a', 'b', 'end'], rows, numeric: [true, false, false] }).split('\n');
      expect(new Set(lines.filter((_, i) => i !== 1).map((line) => stringWidth(line))).size).toBe(1);
    }),
  );
});

it('shows text as text in HTML', () => {
  expect(htmlTable({ header: ['<b>'], rows: [['a & "b"']] })).toContain('>a &amp; &quot;b&quot;<');
});
