/** Does one thing after another. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #generation = 0;

  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** What the work gives; undefined if the queue was cleared before its turn came. */
  async add<T>(work: () => Promise<T>): Promise<T | undefined> {
    const generation = this.#generation;
    this.#waiting += 1;
    const turn = this.#tail.then(() => (generation === this.#generation ? work() : undefined));
    this.#tail = turn.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Forgets what has not begun. */
  clear(): void {
    this.#generation += 1;
  }
}
