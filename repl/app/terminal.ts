import type { Size } from '../store/state.js';
import { TAG_COLUMNS } from './row-tags.js';

/** A screen of its own, and marks around text that is pasted. */
const ENTER = '\u001b[?1049h\u001b[?2004h\u001b[2J\u001b[H';
const LEAVE = '\u001b[?2004l\u001b[?1049l\u001b[?25h';
const CLEAR = '\u001b[2J\u001b[H';

type Write = NodeJS.WriteStream['write'];

/** The terminal, taken over as a whole and given back as it was. Whatever else is printed meanwhile goes elsewhere. */
export class Terminal {
  /** Where the application draws. */
  readonly stdout: NodeJS.WriteStream;
  readonly #write: Write;
  readonly #writeError: Write;
  #taken = false;

  /** @param spell what becomes of the text that is drawn before it is written */
  constructor(spell: (text: string) => string) {
    this.#write = process.stdout.write.bind(process.stdout);
    this.#writeError = process.stderr.write.bind(process.stderr);
    this.stdout = new Proxy(process.stdout, {
      get: (stream, name) => {
        if (name === 'write') return (text: string) => this.#write(spell(text));
        if (name === 'columns') return TAG_COLUMNS;
        const value: unknown = Reflect.get(stream, name, stream);
        return typeof value === 'function' ? value.bind(stream) : value;
      },
    });
  }

  get size(): Size {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 };
  }

  /** @param printed gets what user code prints meanwhile, line by line */
  take(printed: (line: string, error: boolean) => void): void {
    this.#taken = true;
    this.#write(ENTER);
    process.stdout.write = lines((line) => printed(line, false));
    process.stderr.write = lines((line) => printed(line, true));
  }

  /** Wipes the screen: what is drawn next is drawn in full. */
  clear(): void {
    if (this.#taken) this.#write(CLEAR);
  }

  /** Gives the terminal back; may be called at any time, and again. */
  giveBack(): void {
    if (!this.#taken) return;
    this.#taken = false;
    process.stdout.write = this.#write;
    process.stderr.write = this.#writeError;
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    this.#write(LEAVE);
  }
}

/** A stream's `write` that hands on whole lines. */
function lines(hand: (line: string) => void): Write {
  let rest = '';
  return (chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const whole = rest.split('\n');
    rest = whole.pop() ?? '';
    whole.forEach(hand);
    const called = typeof encoding === 'function' ? encoding : done;
    if (typeof called === 'function') queueMicrotask(called as () => void);
    return true;
  };
}
