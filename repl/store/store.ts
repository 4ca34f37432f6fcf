import { say, type State, type Tone } from './state.js';

/** The state, and whether anything in it has changed since it was last drawn. */
export class Store {
  readonly state: State;
  #changed: () => void = () => undefined;

  constructor(state: State) {
    this.state = state;
  }

  /** Changes the state; it is drawn soon. */
  change(how: (state: State) => void): void {
    how(this.state);
    this.#changed();
  }

  /** Calls the listener after each change. There is one: the clock. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Says something in the transcript. */
  say(text: string, tone: Tone = 'plain'): void {
    this.change((state) => {
      say(state.transcript, text, tone);
      state.back.prompt = 0;
    });
  }

  /** Writes down what user code, the trainer and its callbacks have printed. */
  log(text: string, tone: Tone = 'plain'): void {
    this.change((state) => {
      say(state.logs, text, tone);
      state.unseen += 1;
    });
  }
}
