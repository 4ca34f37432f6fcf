import { Slab } from './pointwise/slab.js';
import { allocate, type NumericData, type NumericType } from './values.js';

/**
 * Freed arrays for the next step. A training step allocates the same sizes again and again, and fresh large arrays
 * cost page faults and garbage collections.
 */
export class BufferPool {
  #free = new Map<string, NumericData[]>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  /** Bytes waiting to be used again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An array with arbitrary contents. */
  take(dtype: NumericType, size: number): NumericData {
    const data = this.#free.get(dtype + size)?.pop();
    if (data === undefined) return allocate(dtype, size);
    this.#bytes -= data.byteLength;
    return data;
  }

  give(dtype: NumericType, data: NumericData): void {
    const slab = Slab.of(data);
    if (slab) return slab.give(data as Float32Array);
    // A view of a larger buffer belongs to somebody else.
    if (data.length === 0 || data.byteLength !== data.buffer.byteLength) return;
    if (data.byteLength > this.maxBytes) return;
    while (this.#bytes + data.byteLength > this.maxBytes) this.#drop();
    const key = dtype + data.length;
    const list = this.#free.get(key);
    if (list) {
      list.push(data);
      // Sizes in use move to the end, so that the front holds what nobody asks for any more.
      this.#free.delete(key);
      this.#free.set(key, list);
    } else this.#free.set(key, [data]);
    this.#bytes += data.byteLength;
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }

  #drop(): void {
    for (const [key, list] of this.#free) {
      this.#free.delete(key);
      for (const data of list) this.#bytes -= data.byteLength;
      if (list.length > 0) return;
    }
  }
}
