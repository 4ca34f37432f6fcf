import { describe, expect, it } from 'vitest';
import { colourOf, dashOf, INK, PALETTE, rampColour, textOn } from '../../../src/display/figure/palette.js';

const GROUNDS = ['#ffffff', '#111111'];

function rgb(colour: string): number[] {
  const hex = /^#(..)(..)(..)$/.exec(colour);
  return hex ? hex.slice(1).map((part) => parseInt(part, 16)) : (colour.match(/\d+/g) ?? []).map(Number);
}

/** Contrast by WCAG 2: 1 for none, 21 for black on white. */
function contrast(a: string, b: string): number {
  const light = (colour: string) => {
    const [r = 0, g = 0, blue = 0] = rgb(colour).map((v) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each(GROUNDS)('on %s', (ground) => {
  it.each(PALETTE)('the curve of %s stands out', (colour) => {
    expect(contrast(colour, ground)).toBeGreaterThan(3);
  });

  it('text can be read', () => {
    expect(contrast(INK, ground)).toBeGreaterThan(4);
  });
});

it.each(['main', 'mistake'] as const)('numbers can be read on every colour of the %s ramp', (ramp) => {
  for (let share = 0; share <= 1; share += 0.01) {
    expect(contrast(rampColour(ramp, share), textOn(ramp, share))).toBeGreaterThan(3.4);
  }
});

it('tells twelve series apart, by dashes where colours end', () => {
  const looks = Array.from({ length: 12 }, (_, i) => `${colourOf(i)} ${dashOf(i)}`);
  expect(new Set(looks).size).toBe(12);
});
