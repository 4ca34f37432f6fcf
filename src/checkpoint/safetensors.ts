import { open, type FileHandle } from 'node:fs/promises';
import { CheckpointError, describe, StrobeError } from '../errors.js';
import {
  damaged,
  DTYPE_BYTES,
  formatHeader,
  headerLength,
  isReserved,
  isWellFormed,
  LENGTH_BYTES,
  parseHeader,
  sizeOfShape,
  type TensorEntry,
} from './header.js';

/** A tensor as it is stored: its values in row-major order. A BOOL takes a byte, 0 or 1. */
export type StoredTensor =
  | { dtype: 'F32'; shape: readonly number[]; data: Float32Array }
  | { dtype: 'I32'; shape: readonly number[]; data: Int32Array }
  | { dtype: 'BOOL' | 'U8'; shape: readonly number[]; data: Uint8Array };

/** What a file in the safetensors format holds: tensors and texts, each by name. */
export interface Safetensors {
  tensors: Record<string, StoredTensor>;
  metadata: Record<string, string>;
}

const ARRAYS = { F32: Float32Array, I32: Int32Array, BOOL: Uint8Array, U8: Uint8Array } as const;

/**
 * Writes the safetensors format, which Python's `safetensors` package and many others read. Equal input gives equal
 * bytes.
 *
 * @returns the file in pieces, to be written one after the other. The values are not copied: write them before the
 * tensors' data changes.
 * @throws CheckpointError when a tensor contradicts itself or a name cannot be stored
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  for (const text of Object.entries(metadata).flat()) checkText(text);
  const named = Object.entries(tensors);
  for (const [name, tensor] of named) checkTensor(name, tensor);
  // Wide elements first: the header ends at a multiple of 8, so every value is where its type can be read in place.
  named.sort(([a, { dtype: A }], [b, { dtype: B }]) => DTYPE_BYTES[B] - DTYPE_BYTES[A] || (a < b ? -1 : 1));
  let begin = 0;
  const entries = named.map(([name, { dtype, shape, data }]): TensorEntry => {
    const end = begin + data.byteLength;
    const entry = { name, dtype, shape: [...shape], begin, end };
    begin = end;
    return entry;
  });
  const values = named.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return [formatHeader({ tensors: entries, metadata: { ...metadata } }), ...values];
}

/**
 * Reads a safetensors file from memory. Runs nothing that stands in it, and checks everything it says about itself
 * before it allocates anything for the tensors.
 *
 * @param name what to call the file in an error
 * @throws CheckpointError when it is not such a file, damaged, or has tensors of types tfjs does not have
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'the checkpoint'): Safetensors {
  const start = LENGTH_BYTES + headerLength(bytes.subarray(0, LENGTH_BYTES + 1), bytes.length, name);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start), bytes.length, name);
  const tensors = header.tensors.map((entry) => {
    const values = new Uint8Array(entry.end - entry.begin);
    values.set(bytes.subarray(start + entry.begin, start + entry.end));
    return [entry.name, stored(entry, values)] as const;
  });
  return { tensors: Object.fromEntries(tensors), metadata: header.metadata };
}

/**
 * Reads a safetensors file from disk, with the checks of {@link decodeSafetensors}.
 *
 * @throws CheckpointError as there, and when the file cannot be opened or read
 */
export async function readSafetensors(path: string): Promise<Safetensors> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const start = await readBytes(file, 0, Math.min(size, LENGTH_BYTES + 1), path);
    const length = headerLength(start, size, path);
    const header = parseHeader(await readBytes(file, LENGTH_BYTES, length, path), size, path);
    const tensors: [string, StoredTensor][] = [];
    for (const entry of header.tensors) {
      const values = await readBytes(file, LENGTH_BYTES + length + entry.begin, entry.end - entry.begin, path);
      tensors.push([entry.name, stored(entry, values)]);
    }
    return { tensors: Object.fromEntries(tensors), metadata: header.metadata };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    const received = cause instanceof Error ? cause.message : String(cause);
    const parts = { expected: 'a file that can be read', received, hint: 'check the path and who may read it' };
    throw new CheckpointError(StrobeError.compose(`Cannot open ${path}.`, parts), { cause });
  } finally {
    await file?.close();
  }
}

/** Systems refuse to read much more than this at once. */
const MOST_AT_ONCE = 2 ** 30;

async function readBytes(
  file: FileHandle,
  position: number,
  length: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, MOST_AT_ONCE), position + done);
    if (bytesRead === 0) {
      const end = position + done;
      throw damaged(path, 'the file to stay as it is while it is read', `a file that now ends at byte ${end}`);
    }
    done += bytesRead;
  }
  return bytes;
}

/** The format is little-endian, as are the typed arrays of all machines that tfjs has an engine for. */
function stored({ dtype, shape }: TensorEntry, { buffer, byteLength }: Uint8Array<ArrayBuffer>): StoredTensor {
  const data = new ARRAYS[dtype](buffer, 0, byteLength / DTYPE_BYTES[dtype]);
  return { dtype, shape, data } as StoredTensor;
}

function checkTensor(name: string, { dtype, shape, data }: StoredTensor): void {
  checkText(name);
  const fail = (expected: string, received: string, hint: string): never => {
    throw new CheckpointError(
      StrobeError.compose(`Cannot save tensor ${describe(name)}.`, { expected, received, hint }),
    );
  };
  if (isReserved(name)) fail('any other name', name, 'rename it: the format uses this name for its texts');
  if (!Object.hasOwn(ARRAYS, dtype)) {
    fail(`a dtype of ${Object.keys(ARRAYS).join(', ')}`, describe(dtype), 'cast the tensor to float32, int32 or bool');
  }
  const array = ARRAYS[dtype];
  const size = sizeOfShape(shape);
  if (!(data instanceof array) || data.length !== size) {
    const expected = `${size ?? 'a whole number of'} values in a ${array.name}, for shape [${shape.join(', ')}]`;
    fail(expected, `${data.length} in ${describe(data)}`, 'give the shape and dtype the values have');
  }
}

function checkText(text: string): void {
  if (typeof text === 'string' && isWellFormed(text)) return;
  throw new CheckpointError(
    StrobeError.compose('A name or text cannot be stored in a checkpoint.', {
      expected: 'a string of whole Unicode characters',
      received: describe(text),
      hint: 'store other values as JSON',
    }),
  );
}
