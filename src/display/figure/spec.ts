// What a figure is, as data. What it looks like is the renderers' business.

/** Numbers to draw; NaN leaves a gap. */
export type Values = ArrayLike<number>;

/** One axis of a panel. */
export interface Axis {
  /** What its values are. */
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
  /** What the legend says; empty: not in the legend. */
  name: string;
  /** Lines are drawn from point to point, bars from 0 (on a log axis: from the edge), `rows` are bars that lie. */
  kind: 'line' | 'points' | 'bars' | 'rows';
  /** One for each point. */
  x: Values;
  /** One for each point. */
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
  /** Place along the x axis; left out: a line across. */
  x?: number;
  /** Place along the y axis; left out: an upright line. */
  y?: number;
  /** What it says. */
  label: string;
}

/** Curves, points or bars over two axes. */
export interface CurvePanel {
  /** Tells panels apart. */
  kind: 'curves';
  /** Above the panel. */
  title?: string;
  /** The axis below. */
  x: Axis;
  /** The axis at the left. */
  y: Axis;
  /** What is drawn; later ones lie over earlier ones. */
  series: readonly Series[];
  /** What is pointed out. */
  marks?: readonly Mark[];
  /** What is said where there is nothing to draw. Default 'nothing to show yet'. */
  empty?: string;
}

/** A matrix of numbers, each in a coloured cell. */
export interface MatrixPanel {
  /** Tells panels apart. */
  kind: 'matrix';
  /** Above the panel. */
  title?: string;
  /** Names of the rows and of the columns, and what they are. */
  rows: readonly string[];
  /** Names of the columns. */
  columns: readonly string[];
  /** What the rows are. */
  rowLabel?: string;
  /** What the columns are. */
  columnLabel?: string;
  /** One list for each row. */
  values: readonly Values[];
  /** What stands in a cell. Default: the value. */
  text?: (value: number, row: number, column: number) => string;
  /** Cells off the diagonal get another colour: they are mistakes. */
  diagonal?: boolean;
}

/** Pixels, row by row, red, green, blue and opacity from 0 to 255. */
export interface Picture {
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Four bytes for each pixel. */
  rgba: Uint8Array;
  /** Below the picture. */
  caption?: string;
  /** Colours the caption. */
  tone?: 'good' | 'bad';
}

/** Pictures in a grid. */
export interface PicturesPanel {
  /** Tells panels apart. */
  kind: 'pictures';
  /** Above the panel. */
  title?: string;
  /** From left to right, row by row. */
  pictures: readonly Picture[];
  /** Pictures in a row. */
  columns: number;
}

/** One of the plots of a figure, side by side. */
export type Panel = CurvePanel | MatrixPanel | PicturesPanel;

/** What a Figure is made of. */
export interface FigureSpec {
  /** Above all panels. */
  title?: string;
  /** What it shows, row by row. */
  panels: readonly Panel[];
  /** Panels beside each other. Default: 2 if there are several. */
  columns?: number;
}

/** A spec whose columns are settled. */
export interface Layout extends FigureSpec {
  readonly columns: number;
}
