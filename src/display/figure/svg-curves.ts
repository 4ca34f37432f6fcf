import type { CurvePanel, Mark, Series } from './spec.js';
import {
  barFoot,
  barWidth,
  emptiness,
  holes,
  pieces,
  scalesOf,
  thinned,
  type Rectangle,
  type Scales,
} from './geometry.js';
import { placeMarks } from './marks.js';
import { BAD, colourOf, dashOf, INK } from './palette.js';
import { fitText, line, px, rect, text, textWidth, type Drawn } from './svg-text.js';

/** The inner rectangle of a panel, and its scales. */
interface Plot extends Rectangle, Scales {}

const HEIGHT = 220;
const ROW = 22;
/** Space inside the frame, so that points on the edge are whole. */
const INSET = 8;
const FEW = 30;

export function curvePanel(panel: CurvePanel, width: number): Drawn {
  const named = panel.series.filter(({ faint }) => !faint);
  const lying = panel.series.some(({ kind }) => kind === 'rows');
  const rows = panel.y.categories?.length ?? 0;
  const elements: string[] = [];
  let top = 6;
  if (panel.title) {
    elements.push(text(0, top + 10, fitText(panel.title, 13, width), { size: 13, bold: true }));
    top += 20;
  }
  const legend = legendOf(panel, named, width, top);
  elements.push(...legend.elements);
  top += legend.height + 8;
  if (panel.y.label && !lying) {
    elements.push(text(0, top + 3, fitText(panel.y.label, 11, width)));
    top += 14;
  }

  const height = lying ? Math.max(60, rows * ROW) : HEIGHT;
  const { y } = scalesOf(panel, { x: 6, y: lying ? Math.max(1, rows) : 5 });
  const widest = Math.max(0, ...y.ticks.map((tick) => textWidth(tick.text, 11)));
  const left = Math.min(widest + 10, width * 0.42);
  const plotWidth = width - left - 10;
  const { x } = scalesOf(panel, { x: panel.x.scale === 'log' ? 8 : Math.max(2, Math.floor(plotWidth / 75)), y: 5 });
  const plot: Plot = { left, top, width: plotWidth, height, x, y };
  elements.push(...axes(panel, plot, lying));
  panel.series.forEach((series, i) => elements.push(...drawSeries(panel, series, series.colour ?? i, plot)));
  elements.push(...drawMarks(panel.marks ?? [], plot));
  const empty = emptiness(panel, plot);
  if (empty !== undefined) {
    const shown = fitText(empty, 12, plotWidth);
    elements.push(text(left + plotWidth / 2, top + height / 2, shown, { anchor: 'middle', size: 12 }));
  }
  return { height: top + height + 20 + (panel.x.label ? 16 : 0), elements };
}

function legendOf({ series, title }: CurvePanel, named: Series[], width: number, top: number): Drawn {
  if (named.length < 2 && (!named[0]?.name || named[0].name === title)) return { height: 0, elements: [] };
  const elements: string[] = [];
  let [left, row] = [0, 0];
  for (const each of named) {
    const index = each.colour ?? series.indexOf(each);
    const label = fitText(each.name, 11, width - 30);
    const needed = 28 + textWidth(label, 11);
    if (left > 0 && left + needed > width) [left, row] = [0, row + 1];
    const y = top + row * 17 + 8;
    elements.push(
      each.kind === 'line'
        ? line(left, y, left + 18, y, stroke(index, 2.5))
        : rect(left + 4, y - 5, 10, 10, `fill="${colourOf(index)}" rx="2"`),
      text(left + 23, y + 4, label),
    );
    left += needed + 14;
  }
  return { height: (row + 1) * 17, elements };
}

function axes(panel: CurvePanel, plot: Plot, lying: boolean): string[] {
  const { left, top, width, height, x, y } = plot;
  const bottom = top + height;
  const grid = `stroke="${INK}" stroke-opacity="0.22"`;
  const parts: string[] = [];
  for (const tick of y.ticks) {
    const at = placeY(plot, y.at(tick.value));
    if (!lying) parts.push(line(left, at, left + width, at, grid));
    parts.push(text(left - 6, at + 4, fitText(tick.text, 11, left - 8), { anchor: 'end' }));
  }
  // Names that do not fit beside each other give way, every second one first.
  let free = -Infinity;
  for (const tick of x.ticks) {
    const at = placeX(plot, x.at(tick.value));
    const label = fitText(tick.text, 11, panel.x.categories ? width / Math.min(4, x.ticks.length) : width);
    const half = textWidth(label, 11) / 2;
    if (lying || !panel.x.categories) parts.push(line(at, top, at, bottom, grid));
    const centre = Math.min(Math.max(at, half), left + width + 10 - half);
    if (centre - half < free) continue;
    free = centre + half + 6;
    parts.push(text(centre, bottom + 15, label, { anchor: 'middle' }));
  }
  parts.push(line(left, bottom, left + width, bottom, `stroke="${INK}" stroke-opacity="0.7"`));
  if (panel.x.label) parts.push(text(left + width, bottom + 31, fitText(panel.x.label, 11, width), { anchor: 'end' }));
  return parts;
}

function drawSeries(panel: CurvePanel, series: Series, index: number, plot: Plot): string[] {
  if (series.kind === 'bars' || series.kind === 'rows') return drawBars(panel, series, index, plot);
  const colour = colourOf(index);
  const opacity = series.faint ? ' opacity="0.3"' : '';
  const place = ([x, y]: [number, number]): [number, number] => [placeX(plot, x), placeY(plot, y)];
  const drawn = pieces(series, plot).map((piece) => thinned(piece, 2 * plot.width).map(place));
  const parts: string[] = [];
  if (series.kind === 'line') {
    for (const piece of drawn) {
      if (piece.length < 2) continue;
      const path = piece.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${px(y)}`).join('');
      parts.push(
        `<path d="${path}" fill="none" stroke-linejoin="round" ${stroke(index, series.faint ? 1 : 2)}${opacity}/>`,
      );
    }
  }
  const points = drawn.flat();
  const marked = series.kind === 'points' || (series.marked ?? (points.length <= FEW && !series.faint));
  const alone = marked ? points : drawn.filter((piece) => piece.length === 1).flat();
  for (const [x, y] of alone) parts.push(`<circle cx="${px(x)}" cy="${px(y)}" r="3" fill="${colour}"${opacity}/>`);
  if (!series.faint) {
    for (const at of holes(series, plot.x)) {
      const x = placeX(plot, plot.x.at(at));
      parts.push(
        `<path d="M${px(x - 3.5)} ${px(plot.top - 1)}l7 7m0 -7l-7 7" stroke="${colour}" stroke-width="1.8"><title>not a finite number</title></path>`,
      );
    }
  }
  return parts;
}

function drawBars(panel: CurvePanel, series: Series, index: number, plot: Plot): string[] {
  const { kind, x, y } = series;
  const fellows = panel.series.filter((other) => other.kind === kind);
  const categorical = kind === 'rows' ? panel.y.categories : panel.x.categories;
  // Bars of categories stand beside each other; those of numbers, as in histograms, behind each other.
  const slots = categorical ? fellows.length : 1;
  const slot = categorical ? fellows.indexOf(series) : 0;
  const fill = `fill="${colourOf(index)}"${!categorical && fellows.length > 1 ? ' fill-opacity="0.55"' : ''}`;
  const along = kind === 'bars' ? plot.x : plot.y;
  const up = kind === 'bars' ? plot.y : plot.x;
  const foot = barFoot(up);
  const widthOfAll = barWidth(series) * (categorical ? 0.76 : 0.94);
  const parts: string[] = [];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const centre = (kind === 'bars' ? x[i] : y[i]) ?? NaN;
    const value = (kind === 'bars' ? y[i] : x[i]) ?? NaN;
    const start = along.at(centre - widthOfAll / 2 + (slot * widthOfAll) / slots);
    const end = along.at(centre - widthOfAll / 2 + ((slot + 1) * widthOfAll) / slots);
    const tip = up.at(value);
    if (!Number.isFinite(start) || !Number.isFinite(end)) continue;
    if (kind === 'bars') {
      if (!Number.isFinite(tip)) continue;
      const [a, b] = [placeX(plot, start), placeX(plot, end)];
      const [high, low] = [placeY(plot, Math.max(tip, foot)), placeY(plot, Math.min(tip, foot))];
      parts.push(rect(a, high, Math.max(1, b - a), low - high, fill));
    } else {
      // The first category is at the top.
      const [a, b] = [plot.top + start * plot.height, plot.top + end * plot.height];
      if (Number.isFinite(tip)) {
        const [from, to] = [placeX(plot, Math.min(tip, foot)), placeX(plot, Math.max(tip, foot))];
        parts.push(rect(from, a, Math.max(value === 0 ? 0 : 1.5, to - from), b - a, fill));
      } else if (!Number.isFinite(value) || value === 0) {
        // A log axis has no zero, and a gradient that is zero is what one looks for.
        const tone = value === 0 ? {} : { colour: BAD, bold: true };
        parts.push(text(plot.left + 4, (a + b) / 2 + 3.5, `${value}`, { ...tone, size: 9 }));
      }
    }
  }
  return parts;
}

function drawMarks(marks: readonly Mark[], plot: Plot): string[] {
  const { left, top, width, height } = plot;
  const area = {
    left,
    top,
    width,
    height,
    x: (value: number) => placeX(plot, plot.x.at(value)),
    y: (value: number) => placeY(plot, plot.y.at(value)),
  };
  return placeMarks(marks, area).flatMap(({ x, y, label, from, baseline, apart }) => {
    const dashes = `stroke="${INK}" stroke-dasharray="4 3"`;
    const leader = `stroke="${INK}" stroke-opacity="0.6"`;
    const drawn = !Number.isFinite(y)
      ? [line(x, top, x, top + height, dashes)]
      : !Number.isFinite(x)
        ? [line(left, y, left + width, y, dashes)]
        : [
            ...(apart ? [line(x, y, x, baseline - (baseline < y ? 0 : 9), leader)] : []),
            `<circle cx="${px(x)}" cy="${px(y)}" r="5" fill="${BAD}" stroke="#ffffff" stroke-width="1.5"/>`,
          ];
    return [...drawn, text(from, baseline, label, { bold: true })];
  });
}

function stroke(index: number, width: number): string {
  const dash = dashOf(index);
  return `stroke="${colourOf(index)}" stroke-width="${width}"${dash && ` stroke-dasharray="${dash}"`}`;
}

function placeX({ left, width }: Plot, share: number): number {
  return left + INSET + share * (width - 2 * INSET);
}

/** Categories fill the height; numbers keep off the edges. */
function placeY({ top, height, y }: Plot, share: number): number {
  if (y.from === -0.5 && y.ticks.every(({ value }, i) => value === i)) return top + share * height;
  return top + height - INSET - share * (height - 2 * INSET);
}
