import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { fill, fit, fitEnd, spread, widthOf, wrap } from '../../../repl/text/fit.js';

const coloured = (text: string) => `\u001b[38;2;40;120;208m${text}\u001b[39m`;
const texts = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('漢字', '⣿⡇ ━─ ❚❚', '👩‍👩‍👧 e\u0301', '\u{1d160} \u{1d161}'),
);

describe('widths', () => {
  it('are those of string-width, dressed or not', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const bare = text.replaceAll('\u001b', '');
        expect(widthOf(coloured(bare))).toBe(stringWidth(bare));
      }),
    );
    for (let code = 0x20; code < 0x2900; code++) {
      const character = String.fromCharCode(code);
      expect(widthOf(`a${character}`), code.toString(16)).toBe(stringWidth(`a${character}`));
    }
  });

  it('are met exactly by what is fitted, from either end, and by what is spread', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 60 }), (text, width) => {
        const dressed = coloured(text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ''));
        for (const fitted of [fit(dressed, width), fitEnd(dressed, width), spread(dressed, 'end', width)])
          expect(stringWidth(fitted)).toBe(width);
      }),
      { numRuns: 400 },
    );
  });
});

it('fits with an ellipsis where something is cut off', () => {
  expect(fit('abcdef', 4)).toBe('abc…');
  expect(fitEnd('abcdef', 4)).toBe('…def');
  expect(fit('漢字漢字', 4)).toBe('漢… ');
});

it('fills a line with as many words as there is room for', () => {
  expect(fill(['one', 'two', 'three'], 9)).toBe('one  two');
});

it('wraps, without what would move the cursor', () => {
  expect(wrap('a\tb\u001b[2Jc', 80)).toEqual(['a  bc']);
  expect(wrap('one two three', 8)).toEqual(['one two ', 'three']);
});

it('a text that is far too long is cut without being measured', () => {
  const begun = performance.now();
  expect(fit('名前🎉'.repeat(50_000), 10)).toBe('名前🎉名… ');
  expect(performance.now() - begun).toBeLessThan(1000);
});
