import type { MimeBundle } from './bundle.js';
import type { CommHost } from './comms.js';

/** Shows bundles where the user looks. */
export interface DisplayHost {
  /**
   * Shows something.
   *
   * @param bundle what is shown
   * @param options where
   * @param options.id names the place; showing something with the same id again replaces what is there
   * @param options.update whether something was shown with this id before
   */
  show(bundle: MimeBundle, options: { id?: string; update: boolean }): void;
  /** Told of what is not ready to be shown yet, so that it can be waited for. */
  pending?(shown: Promise<void>): void;
  /** Whether what is shown can be HTML, and be replaced. */
  readonly rich: boolean;
  /** Channels to the front end, for widgets; where there are none, things are shown and updated only. */
  readonly comms?: CommHost;
}

/** On the global object, so that a kernel and a library that was loaded twice still meet. */
const HOST = Symbol.for('strobe.displayHost');
type Globals = Record<PropertyKey, unknown>;

/** Makes a host the one that `display` shows things in: what a kernel does when it starts. Undefined takes it away. */
export function setDisplayHost(host: DisplayHost | undefined): void {
  (globalThis as Globals)[HOST] = host;
}

/** Where things are shown: a host that was set, tslab, Deno's kernel, or the terminal. */
export function displayHost(): DisplayHost {
  const globals = globalThis as Globals;
  return (globals[HOST] as DisplayHost | undefined) ?? tslabHost(globals) ?? denoHost(globals) ?? terminal;
}

const terminal: DisplayHost = {
  rich: false,
  show: (bundle) => console.log(bundle['text/plain']),
};

interface TslabDisplay {
  raw(type: string, data: unknown): void;
}

/** tslab's places by id, since there an update is a second call on the same object. */
const tslabPlaces = new Map<string, TslabDisplay>();

/** tslab shows one format at a time. */
const TSLAB_FORMATS = ['text/html', 'image/svg+xml', 'image/png', 'text/markdown', 'text/plain'];

function tslabHost(globals: Globals): DisplayHost | undefined {
  const inside = globals.__tslab__ as { require?: (name: string) => unknown } | undefined;
  if (typeof inside?.require !== 'function') return undefined;
  const tslab = inside.require('tslab') as { display: TslabDisplay; newDisplay: () => TslabDisplay };
  const placeOf = (id: string) => {
    const place = tslabPlaces.get(id) ?? tslab.newDisplay();
    tslabPlaces.set(id, place);
    return place;
  };
  return {
    rich: true,
    show(bundle, { id }) {
      const format = TSLAB_FORMATS.find((type) => type in bundle) ?? 'text/plain';
      const data = bundle[format];
      const binary = format === 'image/png' ? Buffer.from(String(data), 'base64') : data;
      (id === undefined ? tslab.display : placeOf(id)).raw(format, binary);
    },
  };
}

interface DenoJupyter {
  /** Gives a promise in some versions, nothing in others. */
  broadcast(type: string, content: object): Promise<void> | void;
}

function denoHost(globals: Globals): DisplayHost | undefined {
  const jupyter = (globals.Deno as { jupyter?: Partial<DenoJupyter> } | undefined)?.jupyter;
  if (typeof jupyter?.broadcast !== 'function') return undefined;
  const { broadcast } = jupyter as DenoJupyter;
  return {
    rich: true,
    show(bundle, { id, update }) {
      const content = { data: bundle, metadata: {}, transient: id === undefined ? {} : { display_id: id } };
      const sent = broadcast.call(jupyter, update ? 'update_display_data' : 'display_data', content);
      sent?.catch((error: unknown) => {
        console.error('What was displayed did not reach the notebook:', error);
      });
    },
  };
}
