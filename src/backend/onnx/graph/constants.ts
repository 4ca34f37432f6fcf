import { sizeOf, type NumericType, type Shape } from '../values.js';
import type { ElementType, OnnxConstant } from './proto.js';

/** The constants of one graph; equal ones are stored once. */
export class Constants {
  readonly all: OnnxConstant[] = [];
  readonly #names = new Map<string, string>();

  scalar(type: NumericType, value: number): string {
    // -0 and 0 are different constants, but the same text.
    const text = Object.is(value, -0) ? '-0' : String(value);
    return this.#once(`${type}:${text}`, type, [], () => bytesOf(type, [value]));
  }

  list(type: ElementType, values: readonly number[], shape: Shape = [values.length]): string {
    return this.#once(`${type}:${shape.join()}:${values.join()}`, type, shape, () => bytesOf(type, values));
  }

  /** A large constant, stored without looking for its equal. */
  table(values: Float32Array | Int32Array, shape: Shape): string {
    const type = values instanceof Float32Array ? 'float32' : 'int32';
    if (values.length !== sizeOf(shape)) throw new Error(`${values.length} numbers do not fill [${shape.join()}].`);
    return this.#add(type, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  #once(key: string, type: ElementType, shape: Shape, bytes: () => Uint8Array): string {
    let name = this.#names.get(key);
    if (name === undefined) this.#names.set(key, (name = this.#add(type, shape, bytes())));
    return name;
  }

  #add(type: ElementType, shape: Shape, bytes: Uint8Array): string {
    const name = `c${this.all.length}`;
    this.all.push({ name, type, shape, bytes });
    return name;
  }
}

function bytesOf(type: ElementType, values: readonly number[]): Uint8Array {
  if (type === 'bool') return Uint8Array.from(values);
  if (type === 'int64') return new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  return new Uint8Array((type === 'float32' ? Float32Array.from(values) : Int32Array.from(values)).buffer);
}
