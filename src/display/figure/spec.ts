// What a figure is, as data. What it looks like is the renderers' business.

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

/** A spec whose columns are settled. */
export interface Layout extends FigureSpec {
  readonly columns: number;
}
