const slabs = new WeakMap<ArrayBufferLike, Slab>();
/** Vectors of four numbers are written past an array's end, into what is nobody else's. */
const ALIGNMENT = 4;

/**
 * Room for arrays inside a WebAssembly program's memory, so that nothing has to be copied for it. Such an array is a view
 * of a large buffer and never leaves the engine.
 */
export class Slab {
  readonly #free = new Map<number, Float32Array[]>();
  #next: number;
  #taken = 0;

  /** @param start @param end in numbers */
  constructor(
    readonly buffer: ArrayBuffer,
    readonly start: number,
    readonly end: number,
  ) {
    this.#next = start;
    slabs.set(buffer, this);
  }

  /** The slab an array is from. */
  static of(array: ArrayBufferView): Slab | undefined {
    return slabs.get(array.buffer);
  }

  /** An array with arbitrary contents; undefined where there is no room. */
  take(size: number): Float32Array | undefined {
    const array = this.#free.get(size)?.pop() ?? this.#cut(size);
    if (array) this.#taken++;
    return array;
  }

  give(array: Float32Array): void {
    // When all are back the room is divided anew: the next model's arrays have other sizes.
    if (--this.#taken === 0) {
      this.#free.clear();
      this.#next = this.start;
      return;
    }
    const list = this.#free.get(array.length);
    if (list) list.push(array);
    else this.#free.set(array.length, [array]);
  }

  #cut(size: number): Float32Array | undefined {
    const after = this.#next + ALIGNMENT * Math.ceil(size / ALIGNMENT);
    if (after > this.end) return undefined;
    const array = new Float32Array(this.buffer, 4 * this.#next, size);
    this.#next = after;
    return array;
  }
}
