/**
 * Colours that stand out from white and from nearly black alike (3:1 or more), and from each other also for people who
 * see no red or no green. There are few such: more than four series differ by their dashes too.
 */
export const PALETTE = ['#2878d0', '#d4600c', '#12946e', '#c76ba8'] as const;

const DASHES = ['', '6 3', '2 2', '8 3 2 3'];

/** Text and axes: the grey that is as far from white as from black. */
export const INK = '#757b84';
export const GOOD = PALETTE[2];
export const BAD = PALETTE[1];
/** What has come to a bad end. */
export const ALARM = '#d03b3b';

export function colourOf(index: number): string {
  return PALETTE[index % PALETTE.length] as string;
}

/** An SVG `stroke-dasharray`; empty for a solid line. */
export function dashOf(index: number): string {
  return DASHES[Math.floor(index / PALETTE.length) % DASHES.length] as string;
}

type Rgb = readonly [number, number, number];

/** From little to much; opaque, so that a number in black or white can stand on it whatever is behind. */
const RAMPS: Record<'main' | 'mistake', readonly Rgb[]> = {
  main: [
    [190, 208, 230],
    [40, 120, 208],
    [12, 58, 124],
  ],
  mistake: [
    [236, 205, 184],
    [212, 96, 12],
    [122, 46, 0],
  ],
};

/** @param share from 0 to 1 */
export function rampColour(ramp: keyof typeof RAMPS, share: number): string {
  return `rgb(${rampAt(ramp, share).map(Math.round).join(',')})`;
}

/** Black or white, whichever can be read on the ramp's colour. */
export function textOn(ramp: keyof typeof RAMPS, share: number): string {
  const [r, g, b] = rampAt(ramp, share);
  return 0.299 * r + 0.587 * g + 0.114 * b > 128 ? '#111111' : '#ffffff';
}

function rampAt(name: keyof typeof RAMPS, share: number): Rgb {
  const ramp = RAMPS[name];
  const place = Math.min(1, Math.max(0, share)) * (ramp.length - 1);
  const from = ramp[Math.floor(place)] as Rgb;
  const to = ramp[Math.ceil(place)] as Rgb;
  const mix = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * (place % 1);
  return [mix(0), mix(1), mix(2)];
}
