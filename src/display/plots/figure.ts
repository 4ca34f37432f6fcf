import type { MimeBundle } from '../bundle.js';
import { SHOW } from '../bundle.js';
import { htmlOf } from './html.js';
import { plotlyOf, type PlotlyFigure } from './plotly.js';
import { pngOf } from './png.js';
import { svgOf } from './svg.js';
import { textChart } from './text-chart.js';

export type Values = ArrayLike<number>;

export interface Axis {
  label?: string;
  /** Default linear. Values that are not positive have no place on a log axis and are left out. */
  scale?: 'linear' | 'log';
  /** Names at 0, 1, 2, ... in place of numbers. */
  categories?: readonly string[];
  /** Whole numbers only, as for steps and epochs. */
  integer?: boolean;
}

/** One set of points. Values that are not finite make gaps, and are marked at the upper edge. */
export interface Series {
  name: string;
  /** Lines are drawn from point to point, bars from 0 (on a log axis: from the edge), `rows` are bars that lie. */
  kind: 'line' | 'points' | 'bars' | 'rows';
  x: Values;
  y: Values;
  /** Index in the palette; beyond its colours lines are dashed. Default: the series' own index. */
  colour?: number;
  /** What lies behind another series, such as unsmoothed values: pale, and not in the legend. */
  faint?: boolean;
  /** Mark each point of a line. Default: if there are few. */
  marked?: boolean;
}

/** Something to point out: a point, or a line across if `x` or `y` is left out. */
export interface Mark {
  x?: number;
  y?: number;
  label: string;
}

/** Curves, points or bars over two axes. */
export interface CurvePanel {
  kind: 'curves';
  title?: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  marks?: readonly Mark[];
}

/** A matrix of numbers, each in a coloured cell. */
export interface MatrixPanel {
  kind: 'matrix';
  title?: string;
  /** Names of the rows and of the columns, and what they are. */
  rows: readonly string[];
  columns: readonly string[];
  rowLabel?: string;
  columnLabel?: string;
  values: readonly Values[];
  /** What stands in a cell. Default: the value. */
  text?: (value: number, row: number, column: number) => string;
  /** Cells off the diagonal get another colour: they are mistakes. */
  diagonal?: boolean;
}

/** Pixels, row by row, red, green, blue and opacity from 0 to 255. */
export interface Picture {
  width: number;
  height: number;
  rgba: Uint8Array;
  caption?: string;
  /** Colours the caption. */
  tone?: 'good' | 'bad';
}

/** Pictures in a grid. */
export interface PicturesPanel {
  kind: 'pictures';
  title?: string;
  pictures: readonly Picture[];
  columns: number;
}

export type Panel = CurvePanel | MatrixPanel | PicturesPanel;

export interface FigureSpec {
  title?: string;
  panels: readonly Panel[];
  /** Panels beside each other. Default: 2 if there are several. */
  columns?: number;
}

/** A picture of numbers, as data: shown by `display(figure)`, and in any format by its methods. */
export class Figure implements FigureSpec {
  readonly title?: string;
  readonly panels: readonly Panel[];
  readonly columns: number;

  constructor({ title, panels, columns }: FigureSpec) {
    if (title !== undefined) this.title = title;
    this.panels = panels;
    this.columns = Math.max(1, Math.min(columns ?? 2, panels.length));
  }

  /** Static, in colours that are legible on light and on dark ground. */
  toSvg(): string {
    return svgOf(this);
  }

  /** Twice the size of the SVG, on white unless another ground is given. */
  toPng({ background = '#ffffff' }: { background?: string } = {}): Buffer {
    return pngOf(this.toSvg(), background);
  }

  /** Data and layout as plotly.js takes them. */
  toPlotly(): PlotlyFigure {
    return plotlyOf(this);
  }

  /**
   * An element that shows the SVG, and becomes interactive where scripts may run.
   *
   * @param options.plotly brings plotly.js along (2 MB). Default: the first time in this process, so that a notebook has
   *   it once; the other figures on the page find it.
   */
  toHtml(options: { plotly?: boolean } = {}): string {
    return htmlOf(this, options);
  }

  /** A chart of characters. */
  toText(): string {
    return textChart(this);
  }

  [SHOW](): MimeBundle {
    return {
      'application/vnd.plotly.v1+json': this.toPlotly(),
      'text/html': this.toHtml(),
      'image/png': this.toPng().toString('base64'),
      'text/plain': this.toText(),
    };
  }
}
