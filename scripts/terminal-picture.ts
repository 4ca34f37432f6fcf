import { Resvg } from '@resvg/resvg-js';
import stringWidth from 'string-width';

/** Pixels of a character cell, and around the whole. */
const [WIDE, HIGH, AROUND] = [9, 19, 14];
const FONT = 15;
const FACES = 'DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace';
const [PAPER, INK, DIM] = ['#16181d', '#d5d8de', '#787f8c'];

interface Look {
  colour?: string | undefined;
  bold?: boolean;
  dim?: boolean;
  inverse?: boolean;
}

/** A terminal's screen as a PNG, from its text with colours as `tmux capture-pane -e` gives it. */
export function terminalPicture(screen: string, { columns, rows }: { columns: number; rows: number }): Buffer {
  const [width, height] = [columns * WIDE + 2 * AROUND, rows * HIGH + 2 * AROUND];
  const cells = cellsOf(screen.split('\n').slice(0, rows));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
<g font-family="${FACES}" font-size="${FONT}">${cells.join('')}</g></svg>`;
  const options = { fitTo: { mode: 'zoom' as const, value: 1.5 }, font: { loadSystemFonts: true } };
  return new Resvg(svg, options).render().asPng();
}

function cellsOf(lines: readonly string[]): string[] {
  const cells: string[] = [];
  // What a line looks like at its end the next one begins with.
  let look: Look = {};
  for (const [y, line] of lines.entries()) {
    const top = AROUND + y * HIGH;
    let left = AROUND;
    for (const [, codes, character = ''] of line.matchAll(/\u001b\[([\d;]*)m|([^])/gu)) {
      if (codes !== undefined) {
        look = lookAfter(look, codes.split(';').map(Number));
        continue;
      }
      const wide = stringWidth(character) * WIDE;
      const colour = look.colour ?? (look.dim ? DIM : INK);
      if (look.inverse) cells.push(`<rect x="${left}" y="${top}" width="${wide}" height="${HIGH}" fill="${colour}"/>`);
      cells.push(drawn(character, { left, top, colour: look.inverse ? PAPER : colour, bold: look.bold ?? false }));
      left += wide;
    }
  }
  return cells;
}

function lookAfter(look: Look, codes: number[]): Look {
  const [code = 0, kind, ...rest] = codes;
  if (code === 38 && kind === 2) {
    const colour = `rgb(${rest.slice(0, 3).join(',')})`;
    return lookAfterRest({ ...look, colour }, codes.slice(5));
  }
  const next: Record<number, Look> = {
    0: {},
    1: { ...look, bold: true },
    2: { ...look, dim: true },
    7: { ...look, inverse: true },
    22: { ...look, bold: false, dim: false },
    27: { ...look, inverse: false },
    39: { ...look, colour: undefined },
  };
  return lookAfterRest(next[code] ?? look, codes.slice(1));
}

function lookAfterRest(look: Look, codes: number[]): Look {
  return codes.length > 0 ? lookAfter(look, codes) : look;
}

interface Place {
  left: number;
  top: number;
  colour: string;
  bold: boolean;
}

/** Dots and bars are drawn, as terminals do: few fonts have them, and they have to meet. */
function drawn(character: string, { left, top, colour, bold }: Place): string {
  const code = character.codePointAt(0) ?? 0;
  const rect = (x: number, y: number, width: number, height: number): string =>
    `<rect x="${left + x}" y="${top + y}" width="${width}" height="${height}" fill="${colour}"/>`;
  if (character === ' ') return '';
  if (code > 0x2800 && code <= 0x28ff) {
    return BRAILLE.map(([bit, x, y]) =>
      code & bit
        ? `<circle cx="${left + (x + 0.5) * (WIDE / 2)}" cy="${top + (y + 0.5) * (HIGH / 4)}" r="1.7" fill="${colour}"/>`
        : '',
    ).join('');
  }
  if (code >= 0x2581 && code <= 0x2588) {
    const high = ((code - 0x2580) / 8) * HIGH;
    return rect(0, HIGH - high, WIDE, high);
  }
  const [middle, centre] = [HIGH / 2, WIDE / 2];
  if (character === '─') return rect(0, middle - 0.5, WIDE, 1);
  if (character === '━') return rect(0, middle - 1.5, WIDE, 3);
  if (character === '╸') return rect(0, middle - 1.5, centre, 3);
  if (character === '│') return rect(centre - 0.5, 0, 1, HIGH);
  if (character === '┤') return rect(centre - 0.5, 0, 1, HIGH) + rect(0, middle - 0.5, centre, 1);
  if (character === '┬') return rect(0, middle - 0.5, WIDE, 1) + rect(centre - 0.5, middle, 1, middle);
  if (character === '└') return rect(centre - 0.5, 0, 1, middle) + rect(centre - 0.5, middle - 0.5, centre + 0.5, 1);
  const text = character.replace(/[&<>]/g, (each) => `&#${each.charCodeAt(0)};`);
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${left}" y="${top + HIGH * 0.75}" fill="${colour}"${weight}>${text}</text>`;
}

/** Bits of a braille character, and where their dots are. */
const BRAILLE = [
  [0x01, 0, 0],
  [0x02, 0, 1],
  [0x04, 0, 2],
  [0x40, 0, 3],
  [0x08, 1, 0],
  [0x10, 1, 1],
  [0x20, 1, 2],
  [0x80, 1, 3],
] as const;
