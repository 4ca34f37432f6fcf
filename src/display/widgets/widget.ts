import { SHOW, type MimeBundle, type Showable } from '../bundle.js';
import type { Comm, CommHost, CommMessage } from '../comms.js';
import type { WidgetVersions } from './versions.js';

export type WidgetState = Record<string, unknown>;

const VIEW = 'application/vnd.jupyter.widget-view+json';

/** Models whose view goes by another name. */
const VIEWS: Readonly<Record<string, string>> = { BoundedIntText: 'IntText' };

/**
 * A model in this process whose view is in the front end: what is set here is seen there, what is done there is told
 * here. Jupyter's widget protocol, for models whose state is JSON.
 */
export class Widget implements Showable {
  readonly #comm: Comm;
  readonly #echoes: boolean;
  readonly #state: WidgetState;
  readonly #onChange = new Map<string, (value: never) => void>();
  #onClick: (() => void) | undefined;

  /** Opens the comm, by which the front end makes its model. */
  constructor(comms: CommHost, name: string, state: WidgetState, { controls, protocol }: WidgetVersions) {
    this.#state = {
      _model_module: '@jupyter-widgets/controls',
      _model_module_version: controls,
      _model_name: `${name}Model`,
      _view_module: '@jupyter-widgets/controls',
      _view_module_version: controls,
      _view_name: `${VIEWS[name] ?? name}View`,
      _view_count: null,
      ...state,
    };
    this.#echoes = protocol !== '2.0.0';
    this.#comm = comms.open('jupyter.widget', {
      data: { state: this.state, buffer_paths: [] },
      metadata: { version: protocol },
    });
    this.#comm.onMessage((message) => this.#receive(message));
  }

  get id(): string {
    return this.#comm.id;
  }

  /** As it goes over the wire: other widgets in it by their names. */
  get state(): WidgetState {
    return Object.fromEntries(Object.entries(this.#state).map(([key, value]) => [key, serialized(value)]));
  }

  /** Changes what is different, in the front end too. */
  set(state: WidgetState): void {
    const changed = Object.entries(state).filter(([key, value]) => !same(this.#state[key], value));
    if (changed.length === 0) return;
    Object.assign(this.#state, Object.fromEntries(changed));
    this.#update(changed);
  }

  /** Calls the listener when the user has changed a field. */
  onChange(field: string, listener: (value: never) => void): this {
    this.#onChange.set(field, listener);
    return this;
  }

  onClick(listener: () => void): this {
    this.#onClick = listener;
    return this;
  }

  onClose(listener: () => void): void {
    this.#comm.onClose(listener);
  }

  [SHOW](): MimeBundle {
    const view = { version_major: 2, version_minor: 0, model_id: this.id };
    return { [VIEW]: view, 'text/plain': `${String(this.#state['_model_name']).replace(/Model$/, '')} widget` };
  }

  #receive({ data: { method, state, content } }: CommMessage): void {
    if (method === 'update') this.#takeOver(state as WidgetState);
    else if (method === 'request_state') this.#update(Object.entries(this.#state));
    else if (method === 'custom' && (content as WidgetState)['event'] === 'click') this.#onClick?.();
  }

  #takeOver(state: WidgetState): void {
    Object.assign(this.#state, state);
    // Other views of the same model, and the one that waits for its change to be taken over.
    if (this.#echoes) this.#comm.send({ method: 'echo_update', state, buffer_paths: [] });
    for (const [field, value] of Object.entries(state)) this.#onChange.get(field)?.(value as never);
  }

  #update(entries: readonly [string, unknown][]): void {
    const state = Object.fromEntries(entries.map(([key, value]) => [key, serialized(value)]));
    this.#comm.send({ method: 'update', state, buffer_paths: [] });
  }
}

function serialized(value: unknown): unknown {
  if (value instanceof Widget) return `IPY_MODEL_${value.id}`;
  return Array.isArray(value) ? value.map(serialized) : value;
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => same(item, b[i]));
  return Object.is(a, b);
}
