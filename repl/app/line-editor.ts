import { createInterface, type Interface } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';

/** A key as Node's readline names it. */
export interface EditorKey {
  name?: string;
  ctrl?: boolean;
  meta?: boolean;
  shift?: boolean;
}

/** One line of text being typed: Node's own line editor, with its keys and its history, drawn by somebody else. */
export class LineEditor {
  readonly #readline: Interface;

  /** @param history what was typed before, the newest first. Up goes through those that begin as the line does. */
  constructor(
    { text = '', history = [] }: { text?: string; history?: readonly string[] },
    onLine: (line: string) => void,
  ) {
    this.#readline = createInterface({
      input: new PassThrough(),
      output: new Writable({ write: (_chunk, _encoding, done) => done() }),
      terminal: true,
      prompt: '',
      history: [...history],
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
    this.#readline.on('line', onLine);
    if (text) this.press(text);
  }

  get text(): string {
    return this.#readline.line;
  }

  get cursor(): number {
    return this.#readline.cursor;
  }

  /** Types text, or presses a key that has a name. */
  press(text: string | undefined, key: EditorKey = {}): void {
    // The declared type of the text is narrower than what is documented: null stands for a key without one.
    this.#readline.write(text ?? (null as never), key);
  }

  /** Puts another text from a place on, up to the cursor. */
  replace(from: number, text: string): void {
    for (let at = this.cursor; at > from; at--) this.press(undefined, { name: 'backspace' });
    this.press(text);
  }

  close(): void {
    this.#readline.close();
  }
}
