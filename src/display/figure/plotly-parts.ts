/** What plotly.js takes: plain JSON. */
export interface PlotlyFigure {
  data: Record<string, unknown>[];
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
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
