import type { Run } from '../../run/run.js';
import { SHOW, type Drawable, type Live, type MimeBundle } from '../bundle.js';
import { displayHost } from '../hosts.js';
import { runView } from '../views/run.js';
import { callbacksHtml, figureHtml, statusHtml } from './looks.js';
import { RunControl } from './run-control.js';
import { viewOf } from './widgets.js';

/**
 * What can be pressed to steer a run, and what it does meanwhile: play, pause, the next hook, the next batches, back, the
 * learning rates; curves and callbacks. Where the front end has widgets it is made of them; elsewhere in a notebook,
 * `display` keeps what is shown up to date. What goes wrong is told in the panel.
 */
export class RunPanel implements Live, Drawable {
  readonly #control: RunControl;

  /** @internal Use `panel(run)`. */
  constructor(control: RunControl) {
    this.#control = control;
  }

  onChange(listener: () => void): () => void {
    return this.#control.onChange(listener);
  }

  toText(): string {
    const { run, message } = this.#control;
    return [runView(run).toText(), ...(message ? [message] : [])].join('\n');
  }

  toHtml(): string {
    const parts = [statusHtml, figureHtml, callbacksHtml].map((part) => part(this.#control));
    return `<div style="max-width:720px">${parts.join('')}</div>`;
  }

  [SHOW](): MimeBundle {
    const { comms } = displayHost();
    const widgets = comms ? viewOf(this.#control, comms) : {};
    return { ...widgets, 'text/html': this.toHtml(), 'text/plain': this.toText() };
  }
}

const panels = new WeakMap<Run, RunPanel>();

/** The control panel of a run: `display(panel(run))`. A run has one, which may be shown in several places. */
export function panel(run: Run): RunPanel {
  const known = panels.get(run) ?? new RunPanel(new RunControl(run));
  panels.set(run, known);
  return known;
}
