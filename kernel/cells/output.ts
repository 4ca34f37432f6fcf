import type { ToIo } from '../bridge.js';
import type { Backlog } from '../io/backlog.js';
import type { Fields, Header } from '../protocol/message.js';
import { currentOrigin, type Origin } from './origin.js';

interface Extras {
  metadata?: Fields | undefined;
  buffers?: readonly Uint8Array[] | undefined;
}

/** What cells print and show, on its way to the client. */
export class Output {
  readonly #post: (message: ToIo) => void;
  readonly #backlog: Backlog;
  #latest: Origin | undefined;
  #running: Origin | undefined;

  constructor(post: (message: ToIo) => void, backlog: Backlog) {
    this.#post = post;
    this.#backlog = backlog;
  }

  /** The cell that the main shell runs, if it does. */
  get running(): Origin | undefined {
    return this.#running;
  }

  set running(origin: Origin | undefined) {
    this.#running = origin;
    this.#latest = origin ?? this.#latest;
  }

  /** Where output of the running code belongs: to the cell that started it, or to the latest if nobody knows. */
  get origin(): Origin | undefined {
    return currentOrigin() ?? this.#running ?? this.#latest;
  }

  text(name: 'stdout' | 'stderr', text: string): void {
    this.textFor(this.origin, name, text);
  }

  textFor(origin: Origin | undefined, name: 'stdout' | 'stderr', text: string): void {
    if (text === '' || origin?.silent) return;
    this.#backlog.add(text.length);
    this.publishFor(origin?.header, 'stream', { name, text });
  }

  /** Publishes for the cell that the running code belongs to; nothing comes of a silent one. */
  publish(type: string, content: Fields, extras: Extras = {}): void {
    const { origin } = this;
    if (!origin?.silent) this.publishFor(origin?.header, type, content, extras);
  }

  publishFor(parent: Header | undefined, type: string, content: Fields, { metadata, buffers }: Extras = {}): void {
    this.#post({ type: 'publish', message: { type, parent, content, metadata, buffers: buffers?.map(alone) } });
  }

  /** Makes what is written to this process's stdout and stderr output of cells. */
  capture(): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
        this.text(name, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
        const done = rest.find((argument): argument is () => void => typeof argument === 'function');
        if (done) process.nextTick(done);
        return true;
      };
      process[name].write = write;
    }
  }
}

/** A view into a larger buffer would be sent to the other thread with all of it. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
