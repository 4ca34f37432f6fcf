/** Share of the time that drawing may take while something else runs. */
const SHARE = 0.04;
/** Milliseconds between frames of a run that plays, if drawing is quick. */
const STEADY = 100;
/** Milliseconds between frames at the least: faster than this nobody sees. */
const LEAST = 16;

/** Says when to draw: at once for whoever presses keys, and steadily, but within its share, for what runs. */
export class Clock {
  readonly #draw: () => void;
  readonly #runs: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;
  #last = -Infinity;
  /** Milliseconds that a frame takes, lately. */
  cost = 4;
  frames = 0;

  /** @param runs whether there is anything to keep drawing for, and to leave time to */
  constructor(draw: () => void, runs: () => boolean) {
    this.#draw = draw;
    this.#runs = runs;
  }

  /** Milliseconds between frames while something runs. */
  get interval(): number {
    return Math.max(STEADY, this.cost / SHARE);
  }

  /** Something has changed. */
  request(): void {
    this.#schedule(this.#runs() ? Math.max(LEAST, this.cost / SHARE) : LEAST);
  }

  /** Somebody waits for an answer to a key. */
  urge(): void {
    this.#schedule(Math.max(LEAST, 2 * this.cost));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = -Infinity;
  }

  #schedule(gap: number): void {
    const due = Math.max(performance.now(), this.#last + gap);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#frame(), due - performance.now());
  }

  #frame(): void {
    const began = performance.now();
    this.#due = Infinity;
    this.#draw();
    this.#last = performance.now();
    this.frames += 1;
    // One slow frame, such as the first, does not count for all that follow.
    this.cost += (Math.min(this.#last - began, 4 * this.cost) - this.cost) / 8;
    if (this.#runs()) this.#schedule(this.interval);
  }
}
