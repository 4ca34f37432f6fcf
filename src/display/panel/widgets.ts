import type { MimeBundle } from '../bundle.js';
import { SHOW } from '../bundle.js';
import type { CommHost } from '../comms.js';
import { widgetsOf, type Widgets } from '../widgets/manager.js';
import type { Widget } from '../widgets/widget.js';
import { callbacksHtml, figureHtml, statusHtml } from './looks.js';
import type { RunControl } from './run-control.js';

const LEAST_LR = 1e-8;
const MOST_LR = 10;

const views = new WeakMap<RunControl, WeakMap<CommHost, Widget>>();

/** The panel as widgets of this front end: they are made when it is shown first, or when they were closed. */
export function viewOf(control: RunControl, comms: CommHost): MimeBundle {
  const own = views.get(control) ?? new WeakMap<CommHost, Widget>();
  views.set(control, own);
  const known = own.get(comms);
  if (known) return known[SHOW]();
  const { root, close } = build(control, widgetsOf(comms));
  own.set(comms, root);
  root.onClose(() => {
    own.delete(comms);
    close();
  });
  return root[SHOW]();
}

function build(control: RunControl, widgets: Widgets): { root: Widget; close: () => void } {
  let batches = 1;
  const play = widgets.button('Play', 'play', 'go on in the background').onClick(() => void control.play());
  const pause = widgets.button('Pause', 'pause', 'pause at the next hook').onClick(() => void control.pause());
  const hook = widgets
    .button('Next hook', 'step-forward', 'go on to the next hook')
    .onClick(() => void control.nextHook());
  const next = widgets
    .button('Next batch', 'forward', 'train so many batches')
    .onClick(() => void control.nextBatches(batches));
  const back = widgets
    .button('Rewind', 'backward', 'go so many optimizer steps back')
    .onClick(() => void control.rewind(batches));
  const count = widgets.count('by', batches);
  const status = widgets.html();
  const rates = widgets.column();
  const figure = widgets.html();
  const callbacks = widgets.html();
  const sliders: Widget[] = [];

  const slider = (i: number, name: string, lr: number): Widget =>
    widgets.logSlider(`${name} lr`, lr, [LEAST_LR, MOST_LR]).onChange('value', (value) => control.setRate(i, value));

  const refresh = (): void => {
    const { isRunning, isOver } = control;
    for (const button of [play, hook, next, back]) button.set({ disabled: isRunning || isOver });
    pause.set({ disabled: !isRunning });
    next.set({ description: batches === 1 ? 'Next batch' : `Next ${batches}` });
    status.set({ value: statusHtml(control) });
    // Optimizers come with the beginning of a fit.
    control.rates.forEach(({ name, lr }, i) => (sliders[i] ??= slider(i, name, lr)).set({ value: lr }));
    rates.set({ children: [...sliders] });
    figure.set({ value: figureHtml(control) });
    callbacks.set({ value: callbacksHtml(control) });
  };
  count.onChange('value', (value) => {
    batches = value;
    refresh();
  });
  refresh();
  const root = widgets.column(widgets.row(play, pause, hook, next, back, count), status, rates, figure, callbacks);
  return { root, close: control.onChange(refresh) };
}
