import type { Comm, CommHost } from '../comms.js';
import { widgetVersions } from './versions.js';
import { Widget, type WidgetState } from './widget.js';

const CONTROL = 'jupyter.widget.control';

/** The widgets of one front end. A page that is opened, or opened again, asks here for all that there are. */
export class Widgets {
  readonly #comms: CommHost;
  readonly #all = new Map<string, Widget>();

  constructor(comms: CommHost) {
    this.#comms = comms;
    comms.registerTarget(CONTROL, (comm) => this.#answer(comm));
  }

  button(description: string, icon: string, tooltip: string): Widget {
    return this.#make('Button', { description, icon, tooltip });
  }

  html(value = ''): Widget {
    return this.#make('HTML', { value });
  }

  /** A slider over powers of ten. */
  logSlider(description: string, value: number, [least, most]: readonly [number, number]): Widget {
    const scale = { base: 10, min: Math.log10(least), max: Math.log10(most), step: 0.05 };
    const readout = { readout: true, readout_format: '.3g', continuous_update: false };
    return this.#make('FloatLogSlider', { description, value, ...scale, ...readout });
  }

  /** A whole number from 1 up. */
  count(description: string, value: number): Widget {
    return this.#make('BoundedIntText', { description, value, min: 1, max: 1_000_000, step: 1 });
  }

  row(...children: Widget[]): Widget {
    return this.#make('HBox', { children });
  }

  column(...children: Widget[]): Widget {
    return this.#make('VBox', { children });
  }

  #make(name: string, state: WidgetState): Widget {
    const widget = new Widget(this.#comms, name, state, widgetVersions());
    this.#all.set(widget.id, widget);
    widget.onClose(() => this.#all.delete(widget.id));
    return widget;
  }

  #answer(comm: Comm): void {
    comm.onMessage(({ data }) => {
      if (data['method'] !== 'request_states') return;
      const states = [...this.#all].map(([id, { state }]) => [
        id,
        {
          model_name: state['_model_name'],
          model_module: state['_model_module'],
          model_module_version: state['_model_module_version'],
          state,
        },
      ]);
      comm.send({ method: 'update_states', states: Object.fromEntries(states) as WidgetState, buffer_paths: [] });
    });
  }
}

const managers = new WeakMap<CommHost, Widgets>();

/** The widgets of a front end; the first call makes it possible for pages to ask for them. */
export function widgetsOf(comms: CommHost): Widgets {
  const known = managers.get(comms) ?? new Widgets(comms);
  managers.set(comms, known);
  return known;
}
