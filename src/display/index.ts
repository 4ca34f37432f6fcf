/** What things look like: text, tables, plots, progress; one bundle per thing, shown in any host. */
import './views/install.js';

export type { Drawable, Live, MimeBundle, Showable } from './bundle.js';
export { bundleOf } from './bundle-of.js';
export type { Comm, CommHost, CommMessage, CommOpening } from './comms.js';
export { compareRuns, Comparison, type CompareOptions } from './compare.js';
export { display } from './display.js';
export { setDisplayHost, type DisplayHost } from './hosts.js';
export type { MetricSource } from './metric-rows.js';
export { Figure } from './figure/figure.js';
export type {
  Axis,
  CurvePanel,
  FigureSpec,
  Mark,
  MatrixPanel,
  Panel,
  Picture,
  PicturesPanel,
  Series,
  Values,
} from './figure/spec.js';
export { panel, RunPanel } from './panel/panel.js';
export { setWidgetVersion } from './widgets/versions.js';
export type { PlotlyFigure } from './figure/plotly-parts.js';
export { confusionMatrix, type ConfusionMatrixOptions, type Predictions } from './plots/confusion-matrix.js';
export { gradientFlow, parameterFlow } from './plots/flow.js';
export { histogram, type HistogramOptions } from './plots/histogram.js';
export { imageGrid, type ImageGridOptions } from './plots/image-grid.js';
export { lrFinderPlot, type LrFinderCurve, type LrFinderPlotOptions } from './plots/lr-finder.js';
export { metricCurves, type MetricCurvesOptions } from './plots/metric-curves.js';
export { schedulePreview, type ScheduleSource } from './plots/schedule.js';
export type { Numbers } from './plots/values.js';
export { saveHtml } from './figure/save-html.js';
export { humanCount, summaryText, type Summary, type SummaryRow } from './summary/layout.js';
export { summaryOf, type SummaryOptions } from './summary/summarize.js';
export { callbacksTable } from './tables/callbacks.js';
export { journalEntriesTable } from './tables/journal.js';
export { metricsTable } from './tables/metrics.js';
export { summaryView } from './tables/summary.js';
export { recordsTable } from './views/records.js';
export { Sparkline } from './sparkline.js';
export { Table, type Cell, type TableSpec } from './tables/table.js';
