const MOST_POINTS = 2000;

/** A curve that grows while it is looked at: when there are many points, every second one goes. */
export class LiveCurve {
  #x: number[] = [];
  #y: number[] = [];

  get x(): readonly number[] {
    return this.#x;
  }

  get y(): readonly number[] {
    return this.#y;
  }

  add(x: number, y: number): void {
    this.#x.push(x);
    this.#y.push(y);
    if (this.#x.length > MOST_POINTS) this.#keep((_, i) => i % 2 === 0);
  }

  /** Takes back what lies at or after x: a run has gone back. */
  cutAt(end: number): void {
    if ((this.#x.at(-1) ?? -Infinity) >= end) this.#keep((x) => x < end);
  }

  #keep(stays: (x: number, i: number) => boolean): void {
    const x = this.#x;
    this.#y = this.#y.filter((_, i) => stays(x[i] ?? NaN, i));
    this.#x = x.filter(stays);
  }
}
