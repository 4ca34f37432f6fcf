import type { Formula } from './arithmetic.js';
import { assemble } from './assemble.js';
import { Slab } from './slab.js';

/** What of WebAssembly is used here; TypeScript's libraries know it in browsers only. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Memory: new (size: { initial: number }) => { buffer: ArrayBuffer };
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: object) => { exports: Record<string, unknown> };
  };
};

/** Arrays of the same length: of the inputs that are present, and for the results; null for one that nobody wants. */
export interface Arrays {
  inputs: readonly Float32Array[];
  results: readonly (Float32Array | null)[];
}

/** Elements copied at once: their arrays fit into the second-level cache, and a call costs little against them. */
const CHUNK = 4096;
/** Room for a formula's numbers, and then for a chunk of each array. */
const NUMBERS = 64;
const PAGE_BYTES = 65_536;

/** A part of somebody's arrays in a chunk. */
interface Part {
  arrays: Arrays;
  from: number;
  /** Where it begins in the chunk. */
  at: number;
  count: number;
}

/**
 * A formula as WebAssembly, which computes all its operations in one pass over the elements: a graph makes a pass for
 * each. Arrays that are not from its slab are copied into its memory and out of it chunk by chunk; small ones share a
 * chunk.
 */
export class PointwiseProgram {
  /** Room for results, and for inputs that are made for the program. */
  readonly slab: Slab;
  readonly #run: (bytes: number, ...addresses: number[]) => void;
  readonly #numbers: Float32Array;
  readonly #inputs: Float32Array[];
  readonly #results: Float32Array[];
  readonly #addresses: number[];

  /** @param room numbers that its slab has room for */
  constructor(formula: Formula, present: readonly boolean[], results: number, room: number) {
    const inputs = present.filter(Boolean).length;
    const scratch = NUMBERS + CHUNK * (inputs + results);
    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * (scratch + room)) / PAGE_BYTES) });
    const program = new WebAssembly.Module(assemble(formula, present, results));
    const instance = new WebAssembly.Instance(program, { '': { memory } });
    this.#run = instance.exports['run'] as (bytes: number, ...addresses: number[]) => void;
    this.slab = new Slab(memory.buffer, scratch, scratch + room);
    this.#numbers = new Float32Array(memory.buffer, 0, NUMBERS);
    const chunks = Array.from(
      { length: inputs + results },
      (_, i) => new Float32Array(memory.buffer, 4 * (NUMBERS + CHUNK * i), CHUNK),
    );
    this.#inputs = chunks.slice(0, inputs);
    this.#results = chunks.slice(inputs);
    this.#addresses = chunks.map(({ byteOffset }) => byteOffset);
  }

  /** @param numbers the list that the formula's numbers are in */
  run(numbers: Float32Array, all: readonly Arrays[]): void {
    this.#numbers.set(numbers);
    this.#copyAndRun(all.filter((arrays) => !this.#runInPlace(arrays)));
  }

  /** False where some array is elsewhere. */
  #runInPlace({ inputs, results }: Arrays): boolean {
    const { buffer } = this.slab;
    const addresses: number[] = [];
    for (const array of [...inputs, ...results]) {
      if (array?.buffer !== buffer) return false;
      addresses.push(array.byteOffset);
    }
    this.#run(wholeVectors(inputs[0]?.length ?? 0), ...addresses);
    return true;
  }

  #copyAndRun(all: readonly Arrays[]): void {
    let parts: Part[] = [];
    let filled = 0;
    for (const arrays of all) {
      const size = arrays.inputs[0]?.length ?? 0;
      for (let from = 0, count = 0; from < size; from += count) {
        count = Math.min(size - from, CHUNK - filled);
        const part = { arrays, from, at: filled, count };
        this.#take(part);
        parts.push(part);
        filled += count;
        if (filled < CHUNK) continue;
        this.#compute(parts, filled);
        [parts, filled] = [[], 0];
      }
    }
    if (filled > 0) this.#compute(parts, filled);
  }

  #take({ arrays, from, at, count }: Part): void {
    this.#inputs.forEach((chunk, i) => {
      const input = arrays.inputs[i] as Float32Array;
      chunk.set(count === input.length ? input : input.subarray(from, from + count), at);
    });
  }

  #compute(parts: readonly Part[], elements: number): void {
    this.#run(wholeVectors(elements), ...this.#addresses);
    for (const { arrays, from, at, count } of parts)
      this.#results.forEach((chunk, i) => arrays.results[i]?.set(chunk.subarray(at, at + count), from));
  }
}

/** Bytes of so many elements in vectors of four: what is computed behind the end is nobody's. */
const wholeVectors = (elements: number) => 16 * Math.ceil(elements / 4);
