import { escapeXml } from '../escape.js';
import { INK } from './palette.js';

/** Widths in DejaVu Sans, which is wide: in another font, text is rather narrower than planned. */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const char of text) {
    if ("ijl.,:;'|!() ".includes(char)) ems += 0.39;
    else if ('mwMW%@—'.includes(char)) ems += 0.96;
    else if (char >= 'A' && char <= 'Z') ems += 0.72;
    else ems += 0.64;
  }
  return ems * size;
}

/** Shortens a text in its middle, where names differ least. */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  for (let keep = text.length - 2; keep > 1; keep--) {
    const head = Math.ceil(keep / 2);
    const shorter = `${text.slice(0, head)}…${text.slice(text.length - (keep - head))}`;
    if (textWidth(shorter, size) <= width) return shorter;
  }
  return '…';
}

/** A panel drawn from its upper left corner: how high it came out, and its elements. */
export interface Drawn {
  height: number;
  elements: string[];
}

export interface TextStyle {
  size?: number;
  anchor?: 'start' | 'middle' | 'end';
  colour?: string;
  bold?: boolean;
  /** Degrees. */
  turned?: number;
}

export function text(
  x: number,
  y: number,
  content: string,
  { size = 11, anchor = 'start', colour = INK, bold = false, turned }: TextStyle = {},
): string {
  const place = turned === undefined ? '' : ` transform="rotate(${turned} ${px(x)} ${px(y)})"`;
  const weight = bold ? ' font-weight="bold"' : '';
  return `<text x="${px(x)}" y="${px(y)}" font-size="${size}" text-anchor="${anchor}" fill="${colour}"${weight}${place}>${escapeXml(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" ${style}/>`;
}

export function rect(x: number, y: number, width: number, height: number, style: string): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(Math.max(0, height))}" ${style}/>`;
}

/** A tenth of a pixel is all that can be seen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
