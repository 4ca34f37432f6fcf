import { CheckpointError, describe, StrobeError } from '../errors.js';
import { duplicateKey } from './json.js';

/** The element types Strobe stores: tfjs's own. By name, their size in bytes. */
export const DTYPE_BYTES = { F32: 4, I32: 4, BOOL: 1, U8: 1 } as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** What the header says of a tensor. Offsets count from the end of the header. */
export interface TensorEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

export interface Header {
  /** In the order of their values in the file. */
  tensors: TensorEntry[];
  metadata: Record<string, string>;
}

/** The length of the header stands in front of it. */
export const LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';
const AGAIN = 'take another checkpoint: this one was cut short or changed after it was written';

/** An error about a file of checkpoints' kind. */
export function damaged(file: string, expected: string, received: string, hint = AGAIN): CheckpointError {
  return new CheckpointError(StrobeError.compose(`Cannot load ${file}.`, { expected, received, hint }));
}

/**
 * Reads how long the header is.
 *
 * @param start the first 9 bytes of the file, or all there are
 * @throws CheckpointError when this is not a safetensors file, or one that ends within its header
 */
export function headerLength(start: Uint8Array, fileLength: number, file: string): number {
  const whole = `a safetensors file, which begins with ${LENGTH_BYTES} bytes that give the header's length and a {`;
  const notOne = 'check the path: this is not a checkpoint';
  if (fileLength === 0) throw damaged(file, whole, 'an empty file');
  if (fileLength <= LENGTH_BYTES) throw damaged(file, whole, `a file that ends at byte ${fileLength}`);
  const length = Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));
  const bytes = Array.from(start, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (length > MAX_HEADER_BYTES || start[LENGTH_BYTES] !== 0x7b) {
    throw damaged(file, whole, `a file that begins with the bytes ${bytes}`, notOne);
  }
  checkEnd(LENGTH_BYTES + length, fileLength, file);
  return length;
}

/**
 * Parses the header and checks everything it promises against the length of the file, so that what is allocated
 * afterwards is known to be there. The rules are those of the safetensors format
 * (github.com/huggingface/safetensors, "Format"): names are unique, offsets leave no gap and do not overlap, and the
 * last one ends with the file.
 *
 * @throws CheckpointError that names the tensor and what is wrong with it
 */
export function parseHeader(bytes: Uint8Array, fileLength: number, file: string): Header {
  const { [METADATA]: metadata, ...entries } = parseObject(bytes, file);
  const tensors = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry, file));
  // Empty tensors begin where another one does, and have to come before it.
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { name, begin, end: next } of tensors) {
    if (begin !== end) {
      const fault = begin < end ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it';
      throw damaged(file, `tensor ${describe(name)} to begin at offset ${end}`, `offset ${begin}, which ${fault}`);
    }
    end = next;
  }
  const promised = LENGTH_BYTES + bytes.length + end;
  checkEnd(promised, fileLength, file);
  if (fileLength > promised) {
    throw damaged(file, `the file to end at byte ${promised}`, `${fileLength - promised} bytes more than that`);
  }
  return { tensors, metadata: parseMetadata(metadata, file) };
}

/**
 * Writes the header of tensors, together with its length in front.
 *
 * @throws CheckpointError when it would be longer than any reader accepts
 */
export function formatHeader({ tensors, metadata }: Header): Uint8Array {
  const entries = tensors.map(({ name, dtype, shape, begin, end }) => [
    name,
    { dtype, shape, data_offsets: [begin, end] },
  ]);
  const text = JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries]));
  const json = new TextEncoder().encode(text);
  // Values that begin at a multiple of 8 can be used where they are by readers that map the file into memory.
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    const hint = 'keep large state in tensors: what is not a tensor is stored as text in the header';
    throw damaged('what was to be saved', `a header of at most ${MAX_HEADER_BYTES} bytes`, `${length} bytes`, hint);
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}

/** Number of elements; undefined when that is no number of elements. */
export function sizeOfShape(shape: readonly unknown[]): number | undefined {
  let size = 1;
  for (const extent of shape) {
    if (!isCount(extent) || !isCount((size *= extent))) return undefined;
  }
  return size;
}

/** Whether a text survives being written as UTF-8. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

export function isReserved(name: string): boolean {
  return name === METADATA;
}

function parseObject(bytes: Uint8Array, file: string): Record<string, unknown> {
  const expected = 'a header that is a JSON object in UTF-8';
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw damaged(file, expected, error instanceof Error ? error.message : String(error));
  }
  if (!isObject(header)) throw damaged(file, expected, describe(header));
  const twice = duplicateKey(text);
  if (twice !== undefined) throw damaged(file, 'every name once in the header', `${describe(twice)} twice`);
  return header;
}

function parseMetadata(metadata: unknown, file: string): Record<string, string> {
  if (metadata === undefined) return {};
  const isText = (value: unknown): value is string => typeof value === 'string';
  if (isObject(metadata) && Object.values(metadata).every(isText)) return metadata as Record<string, string>;
  throw damaged(file, `${METADATA} to be an object of strings`, describe(metadata));
}

function parseEntry(name: string, entry: unknown, file: string): TensorEntry {
  const tensor = `tensor ${describe(name)}`;
  if (!isObject(entry)) throw damaged(file, `${tensor} to have dtype, shape and data_offsets`, describe(entry));
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    const known = Object.keys(DTYPE_BYTES).join(', ');
    throw damaged(file, `${tensor} to have a dtype of ${known}`, describe(dtype), 'convert it where it was saved');
  }
  const size = Array.isArray(shape) ? sizeOfShape(shape) : undefined;
  if (size === undefined) {
    throw damaged(file, `${tensor} to have a shape of whole numbers from 0 up`, JSON.stringify(shape) ?? 'none');
  }
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isCount(begin) || !isCount(end) || begin > end) {
    throw damaged(file, `${tensor} to have data_offsets [begin, end]`, JSON.stringify(offsets) ?? 'none');
  }
  const bytes = size * DTYPE_BYTES[dtype as Dtype];
  if (end - begin !== bytes) {
    const what = `${tensor}, ${dtype} of shape ${JSON.stringify(shape)}, to take ${bytes} bytes`;
    throw damaged(file, what, `data_offsets ${JSON.stringify(offsets)}, which are ${end - begin}`);
  }
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

function checkEnd(promised: number, fileLength: number, file: string): void {
  if (fileLength >= promised) return;
  throw damaged(
    file,
    `the file to end at byte ${promised}, as its header promises`,
    `a file that ends at byte ${fileLength}`,
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
