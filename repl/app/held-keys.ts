/** Keys that come while what they mean is not known yet, such as whether a line of code is all of it. */
export class HeldKeys {
  readonly #press: (name: string) => void;
  #held: string[] | undefined;

  constructor(press: (name: string) => void) {
    this.#press = press;
  }

  hold(): void {
    this.#held = [];
  }

  /** Keeps a key while keys are held; whether it has. */
  take(name: string): boolean {
    this.#held?.push(name);
    return this.#held !== undefined;
  }

  /** Presses what has come, until a key of them makes the next ones wait again. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    while (held.length > 0 && !this.#held) this.#press(held.shift() as string);
    (this.#held as string[] | undefined)?.push(...held);
  }
}
