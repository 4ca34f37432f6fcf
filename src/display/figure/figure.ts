import type { MimeBundle } from '../bundle.js';
import { SHOW } from '../bundle.js';
import { htmlOf, pictureOf } from './html.js';
import { plotlyOf } from './plotly.js';
import type { PlotlyFigure } from './plotly-parts.js';
import { pngOf } from './png.js';
import type { FigureSpec, Panel } from './spec.js';
import { svgOf } from './svg.js';
import { textChart } from './text-chart.js';

/** A picture of numbers, as data: shown by `display(figure)`, and in any format by its methods. */
export class Figure implements FigureSpec {
  /** Above all panels. */
  readonly title?: string;
  /** What it shows, row by row. */
  readonly panels: readonly Panel[];
  /** Panels beside each other. */
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
   * @param options how much it brings along
   * @param options.plotly brings plotly.js along (2 MB). Default: the first time in this process, so that a notebook has
   *   it once; the other figures on the page find it.
   * @param options.interactive false gives the picture alone. Default true.
   */
  toHtml({ interactive = true, ...options }: { plotly?: boolean; interactive?: boolean } = {}): string {
    return interactive ? htmlOf(this, options) : pictureOf(this);
  }

  /** A chart of characters. */
  toText(): string {
    return textChart(this);
  }

  /** What a notebook shows: the same thing by MIME type. */
  [SHOW](): MimeBundle {
    return {
      'application/vnd.plotly.v1+json': this.toPlotly(),
      'text/html': this.toHtml(),
      'image/png': this.toPng().toString('base64'),
      'text/plain': this.toText(),
    };
  }
}
