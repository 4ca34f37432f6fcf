import type { CommHost, DisplayHost, MimeBundle } from '../../src/display/index.js';
import type { Fields } from '../protocol/message.js';
import type { Output } from './output.js';
import type { Origin } from './origin.js';

/** Shows things in the notebook. */
export class Places implements DisplayHost {
  readonly rich = true;
  readonly comms: CommHost;
  readonly #output: Output;
  /** The execution that showed something under an id first. */
  readonly #shownBy = new Map<string, Origin | undefined>();

  constructor(output: Output, comms: CommHost) {
    this.#output = output;
    this.comms = comms;
  }

  show(bundle: MimeBundle, { id }: { id?: string }): void {
    const { origin } = this.#output;
    const data = dataOf(bundle);
    if (id === undefined) {
      this.#output.publish('display_data', { data, metadata: {}, transient: {} });
      return;
    }
    const content = { data, metadata: {}, transient: { display_id: id } };
    if (this.#isUpdate(id, origin)) {
      if (origin?.silent) return;
      // Clients such as nbclient take in only what comes of the cell that runs.
      const { header } = this.#output.running ?? origin ?? {};
      this.#output.publishFor(header, 'update_display_data', content);
      return;
    }
    this.#shownBy.set(id, origin);
    this.#output.publish('display_data', content);
  }

  /** The cell is not done before that is shown; where it cannot be, the cell tells why. */
  pending(shown: Promise<void>): void {
    const { origin } = this.#output;
    const told = shown.catch((error: unknown) => this.#output.textFor(origin, 'stderr', `${String(error)}\n`));
    origin?.pending.add(told);
  }

  /** A cell that is run again has lost the output that its former execution showed: it shows it anew. */
  #isUpdate(id: string, origin: Origin | undefined): boolean {
    if (!this.#shownBy.has(id)) return false;
    const first = this.#shownBy.get(id);
    return first === origin || first?.cell !== origin?.cell;
  }
}

/** What can be sent of a bundle: binary formats in base64, other values as JSON has them. */
export function dataOf(bundle: MimeBundle): Fields {
  const entries = Object.entries(bundle).flatMap(([type, value]) => {
    if (typeof value === 'string') return [[type, value] as const];
    if (value instanceof Uint8Array) return [[type, Buffer.from(value).toString('base64')] as const];
    const json = toJson(value);
    return json === undefined ? [] : [[type, JSON.parse(json) as unknown] as const];
  });
  return Object.fromEntries(entries);
}

/** A value that has no JSON (cycles, big integers) is left out: there is always the text. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
