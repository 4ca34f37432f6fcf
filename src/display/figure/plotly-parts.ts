import type { Axis } from './spec.js';

/** What plotly.js takes: plain JSON. */
export interface PlotlyFigure {
  /** plotly.js's traces. */
  data: Record<string, unknown>[];
  /** plotly.js's layout. */
  layout: Record<string, unknown>;
}

/** Where a panel goes: the suffix of its axes' names, and its stretch of the paper from 0 to 1. */
export interface Place {
  suffix: string;
  x: [number, number];
  y: [number, number];
  /** Pixels of the whole figure, to set things off by. */
  height: number;
}

/** JSON has no NaN; plotly takes null for a gap. */
export function finite(value = NaN): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Where an annotation stands on an axis: on a log axis that is the logarithm. */
export function coordinate(value: number | undefined, { scale }: Axis): number | null {
  return finite(scale === 'log' ? Math.log10(value ?? NaN) : value);
}

/** Text on the figure. */
export function note(layout: Record<string, unknown>, annotation: object): void {
  (layout.annotations as unknown[]).push({ showarrow: false, ...annotation });
}
