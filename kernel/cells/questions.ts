import { ContractError, StrobeError } from '../../src/errors.js';
import { currentOrigin, type Origin } from './origin.js';

export interface QuestionOptions {
  /** Whether what is typed is hidden. Default false. */
  password?: boolean;
}

interface Open {
  origin: Origin;
  resolve: (value: string) => void;
  reject: (error: Error) => void;
}

/** `input()` in cells. */
export class Questions {
  readonly #ask: (requestId: number, prompt: string, password: boolean) => void;
  readonly #isRunning: (origin: Origin) => boolean;
  #open: Open[] = [];

  constructor(
    ask: (requestId: number, prompt: string, password: boolean) => void,
    isRunning: (origin: Origin) => boolean,
  ) {
    this.#ask = ask;
    this.#isRunning = isRunning;
  }

  /**
   * Asks the user for a line of text.
   *
   * @throws ContractError where nobody can be asked
   */
  readonly input = async (prompt = '', { password = false }: QuestionOptions = {}): Promise<string> => {
    const origin = currentOrigin();
    if (!origin || !this.#isRunning(origin)) throw noCell();
    if (!origin.allowStdin) throw nobodyToAsk();
    return new Promise((resolve, reject) => {
      this.#open.push({ origin, resolve, reject });
      this.#ask(origin.id, prompt, password);
    });
  };

  answer(requestId: number, value: string): void {
    const at = this.#open.findIndex(({ origin }) => origin.id === requestId);
    this.#open.splice(at, at < 0 ? 0 : 1)[0]?.resolve(value);
  }

  /** The cell has ended: nobody answers its questions any more. */
  forget(origin: Origin): void {
    for (const open of this.#open) if (open.origin === origin) open.reject(noCell());
    this.#open = this.#open.filter((open) => open.origin !== origin);
  }
}

function noCell(): ContractError {
  return new ContractError(
    StrobeError.compose('input() has nobody to ask.', {
      expected: 'a cell that still runs',
      received: 'code that goes on after its cell has ended',
      hint: 'await input() in a cell of its own, and use its value in the background',
    }),
  );
}

function nobodyToAsk(): ContractError {
  return new ContractError(
    StrobeError.compose('input() has nobody to ask.', {
      expected: 'a client that takes questions (allow_stdin)',
      received: 'a notebook that is run without a user',
      hint: 'set the value in a cell',
    }),
  );
}
