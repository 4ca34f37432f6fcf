import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError, StrobeError } from '../errors.js';

/** The numbers of an IDX file, in row-major order. */
export interface IdxArray {
  /** Sizes of the dimensions, the first one usually the number of examples. */
  shape: number[];
  /** The values, row by row. */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

interface ElementType {
  name: string;
  bytes: number;
  read(view: DataView, offset: number, count: number): IdxArray['data'];
}

const AGAIN = 'get the file again: it may have been cut short or changed on the way';

/** By the code in the third byte of a file. */
const ELEMENT_TYPES: Record<number, ElementType> = {
  0x08: { name: 'uint8', bytes: 1, read: elements(Uint8Array, (view, at) => view.getUint8(at)) },
  0x09: { name: 'int8', bytes: 1, read: elements(Int8Array, (view, at) => view.getInt8(at)) },
  0x0b: { name: 'int16', bytes: 2, read: elements(Int16Array, (view, at) => view.getInt16(at)) },
  0x0c: { name: 'int32', bytes: 4, read: elements(Int32Array, (view, at) => view.getInt32(at)) },
  0x0d: { name: 'float32', bytes: 4, read: elements(Float32Array, (view, at) => view.getFloat32(at)) },
  0x0e: { name: 'float64', bytes: 8, read: elements(Float64Array, (view, at) => view.getFloat64(at)) },
};

/**
 * Reads a file in the IDX format, in which MNIST and its relatives come; gzip-compressed ones too.
 *
 * @throws DataError when it is no such file, or not all of one
 */
export async function readIdx(path: string): Promise<IdxArray> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(`Cannot open ${path}.`, 'a file that can be read', 'check the path', cause);
  });
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return parseIdx(compressed ? await decompress(bytes, path) : bytes, path);
}

/**
 * Parses the IDX format: two zero bytes, the element type, the number of dimensions, each dimension's size as a
 * 32-bit number, then the elements, everything big-endian (described at the end of yann.lecun.com/exdb/mnist).
 *
 * @param name what to call the bytes in an error, usually their path
 * @throws DataError when the header is not an IDX header, or promises fewer or more bytes than there are
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxArray {
  const fail = (expected: string, received: string, hint: string): never => {
    const what = `Cannot read ${name} as an IDX file.`;
    throw new DataError(StrobeError.compose(what, { expected, received, hint }));
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  if (bytes.length < 4) return fail('a header of at least 4 bytes', `${bytes.length} bytes`, AGAIN);
  const [zero1, zero2, code, dimensions] = bytes as unknown as [number, number, number, number];
  if (zero1 !== 0 || zero2 !== 0) {
    const start = `${hex(zero1)} ${hex(zero2)}`;
    return fail('a file that begins with two zero bytes', start, 'check that this is an IDX file, decompressed');
  }
  const type = ELEMENT_TYPES[code];
  if (!type) {
    const known = Object.entries(ELEMENT_TYPES).map(([code, { name }]) => `${hex(Number(code))} (${name})`);
    return fail(`an element type of ${known.join(', ')} in byte 2`, hex(code), AGAIN);
  }
  const start = 4 + 4 * dimensions;
  if (dimensions === 0) return fail('at least one dimension in byte 3', '0', AGAIN);
  if (bytes.length < start) {
    return fail(`${start} bytes of header for ${dimensions} dimensions`, `${bytes.length} bytes`, AGAIN);
  }
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((a, b) => a * b, 1);
  const length = start + count * type.bytes;
  if (bytes.length !== length) {
    return fail(`${length} bytes for ${type.name} of shape [${shape.join(', ')}]`, `${bytes.length} bytes`, AGAIN);
  }
  return { shape, data: type.read(view, start, count) };
}

/** A reader of elements one after the other, whatever the byte order of the machine. */
function elements(
  array: { new (length: number): IdxArray['data']; readonly BYTES_PER_ELEMENT: number },
  element: (view: DataView, offset: number) => number,
): ElementType['read'] {
  return (view, offset, count) => {
    const data = new array(count);
    for (let i = 0; i < count; i++) data[i] = element(view, offset + i * array.BYTES_PER_ELEMENT);
    return data;
  };
}

async function decompress(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(bytes);
  } catch (cause) {
    throw unreadable(`Cannot decompress ${path}.`, 'a whole gzip file, as its first two bytes say', AGAIN, cause);
  }
}

function unreadable(what: string, expected: string, hint: string, cause: unknown): DataError {
  const received = cause instanceof Error ? cause.message : String(cause);
  return new DataError(StrobeError.compose(what, { expected, received, hint }), { cause });
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
