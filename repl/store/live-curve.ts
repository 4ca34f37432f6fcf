import type { Curve } from './state.js';

const LIMIT = 2048;

/** A curve that is added to at every step and takes bounded room: when it is full, every second point goes, from then on. */
export class LiveCurve implements Curve {
  readonly name: string;
  x: number[] = [];
  y: number[] = [];
  #stride = 1;
  #seen = 0;
  readonly #limit: number;

  constructor(name: string, limit = LIMIT) {
    this.name = name;
    this.#limit = limit;
  }

  add(x: number, y: number): void {
    if (this.#seen++ % this.#stride !== 0) return;
    this.x.push(x);
    this.y.push(y);
    if (this.x.length < this.#limit) return;
    this.x = this.x.filter((_, i) => i % 2 === 0);
    this.y = this.y.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  /** The run went back: what came after this is not so. */
  cutAfter(x: number): void {
    const kept = this.x.findLastIndex((value) => value <= x) + 1;
    this.x.length = kept;
    this.y.length = kept;
  }

  /** The same curve, to go its own way. */
  copy(): LiveCurve {
    const copy = new LiveCurve(this.name, this.#limit);
    copy.x = [...this.x];
    copy.y = [...this.y];
    copy.#stride = this.#stride;
    copy.#seen = this.#seen;
    return copy;
  }
}
