import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  type StoredTensor,
} from '../../src/checkpoint/index.js';
import { CheckpointError } from '../../src/errors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const join8 = (chunks: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(chunks));
const encode = ({ tensors, metadata }: Safetensors): Uint8Array => join8(encodeSafetensors(tensors, metadata));

/** A file with any header, true or not. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const wellFormed = fc.string({ unit: 'binary' });
const name = fc.oneof(
  wellFormed,
  fc.constantFrom('__proto__', 'constructor', '', '0', 'a.b', 'größe', '"', '\\', '\0'),
);
const shape = fc.array(fc.nat(3), { maxLength: 4 });
const tensor: fc.Arbitrary<StoredTensor> = fc
  .record({ shape, dtype: fc.constantFrom('F32', 'I32', 'BOOL', 'U8'), bits: fc.infiniteStream(fc.nat(255)) })
  .map(({ shape, dtype, bits }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const width = dtype === 'F32' || dtype === 'I32' ? 4 : 1;
    const bytes = Uint8Array.from({ length: size * width }, () => bits.next().value as number);
    if (dtype === 'BOOL') bytes.forEach((byte, i) => (bytes[i] = byte & 1));
    const data =
      dtype === 'F32' ? new Float32Array(bytes.buffer) : dtype === 'I32' ? new Int32Array(bytes.buffer) : bytes;
    return { dtype, shape, data } as StoredTensor;
  });
const content: fc.Arbitrary<Safetensors> = fc.record({
  tensors: fc
    .uniqueArray(
      fc.tuple(
        name.filter((name) => name !== '__metadata__'),
        tensor,
      ),
      { selector: ([name]) => name, maxLength: 5 },
    )
    .map((entries) => Object.fromEntries(entries)),
  metadata: fc
    .uniqueArray(fc.tuple(name, wellFormed), { selector: ([name]) => name, maxLength: 3 })
    .map((entries) => Object.fromEntries(entries)),
});

/** Compares bits, so that every NaN counts. */
function expectEqual(received: Safetensors, expected: Safetensors): void {
  const bits = ({ tensors, metadata }: Safetensors) => [
    Object.entries(tensors)
      .map(([name, { dtype, shape, data }]) => ({
        name,
        dtype,
        shape,
        hex: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  expect(bits(received)).toEqual(bits(expected));
}

describe('what was encoded', () => {
  test('is decoded as it was, bit by bit', () => {
    fc.assert(fc.property(content, (content) => expectEqual(decodeSafetensors(encode(content)), content)));
  });

  test('is read from disk as from memory', async () => {
    const path = join(folder, 'round-trip');
    await fc.assert(
      fc.asyncProperty(content, async (content) => {
        await writeFile(path, encode(content));
        expectEqual(await readSafetensors(path), content);
      }),
      { numRuns: 30 },
    );
  });

  test('does not depend on the order of the tensors', () => {
    fc.assert(
      fc.property(content, ({ tensors, metadata }) => {
        const backwards = Object.fromEntries(Object.entries(tensors).reverse());
        expect(encode({ tensors: backwards, metadata })).toEqual(encode({ tensors, metadata }));
      }),
    );
  });

  test('has a header that ends at a multiple of 8, and values where their type can be read in place', () => {
    fc.assert(
      fc.property(content, (content) => {
        const bytes = encode(content);
        const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
        expect(length % 8).toBe(0);
        const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as object;
        for (const [name, entry] of Object.entries(header)) {
          if (name === '__metadata__') continue;
          const { dtype, data_offsets: offsets } = entry as { dtype: string; data_offsets: [number, number] };
          if (dtype === 'F32' || dtype === 'I32') expect(offsets[0] % 4).toBe(0);
        }
      }),
    );
  });

  test('of a view into a larger buffer is the view only', () => {
    const data = new Float32Array([9, 1, 2, 9]).subarray(1, 3);
    const decoded = decodeSafetensors(encode({ tensors: { x: { dtype: 'F32', shape: [2], data } }, metadata: {} }));
    expect([...decoded.tensors.x!.data]).toEqual([1, 2]);
  });

  test('is decoded from a part of a larger buffer, into memory of its own', () => {
    const bytes = encode({ tensors: { x: { dtype: 'I32', shape: [1], data: Int32Array.of(5) } }, metadata: {} });
    const larger = new Uint8Array(bytes.length + 6);
    larger.set(bytes, 3);
    const { x } = decodeSafetensors(larger.subarray(3, 3 + bytes.length)).tensors;
    larger.fill(0);
    expect([...x!.data]).toEqual([5]);
  });
});

test('a file written by Python’s safetensors is read (made by fixtures/make_from_python.py)', async () => {
  const { tensors, metadata } = await readSafetensors(
    new URL('fixtures/from_python.safetensors', import.meta.url).pathname,
  );
  expect(metadata).toEqual({ format: 'np', note: 'a "quoted" ü' });
  expect(tensors).toEqual({
    weight: { dtype: 'F32', shape: [2, 3], data: Float32Array.of(0.5, -1.25, 3, Infinity, -0, 1e-40) },
    step: { dtype: 'I32', shape: [], data: Int32Array.of(-7) },
    mask: { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
    pixels: { dtype: 'U8', shape: [2], data: Uint8Array.of(0, 255) },
    nothing: { dtype: 'F32', shape: [0, 3], data: new Float32Array() },
    'größe.重み': { dtype: 'F32', shape: [1], data: Float32Array.of(1) },
  });
});

describe('a damaged file', () => {
  const example: Safetensors = {
    tensors: {
      w: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      b: { dtype: 'I32', shape: [], data: Int32Array.of(1) },
      on: { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) },
    },
    metadata: { state: '{"epoch":3}' },
  };

  test('cut short anywhere is refused, with where it ends and where it should', async () => {
    const bytes = encode(example);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(CheckpointError);
    }
    const path = join(folder, 'cut');
    for (const length of [0, 5, 8, 9, 40, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      await expect(readSafetensors(path)).rejects.toThrow(CheckpointError);
    }
    await expect(readSafetensors(path)).rejects.toThrow(
      new RegExp(`${path}[^]*to end at byte ${bytes.length}[^]*ends at byte ${bytes.length - 1}`),
    );
  });

  test('with anything after its end is refused', () => {
    expect(() => decodeSafetensors(join8([encode(example), new Uint8Array(3)]))).toThrow(/3 bytes more/);
  });

  test('changed anywhere is refused, or read for what it says', () => {
    const bytes = encode(example);
    const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = bytes.slice();
        for (const { at, to } of changes) changed[at] = to;
        try {
          const { tensors } = decodeSafetensors(changed);
          for (const { shape, data } of Object.values(tensors)) {
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('that is any bytes at all is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeSafetensors(bytes)).toThrow(CheckpointError);
      }),
    );
  });

  test('with any JSON for a header is refused, unless it is true', () => {
    const entry = fc.record(
      {
        dtype: fc.constantFrom<unknown>('F32', 'U8', 'F64', 1, null),
        shape: fc.oneof(fc.array(fc.oneof(fc.nat(3), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, '1'))), fc.jsonValue()),
        data_offsets: fc.oneof(fc.array(fc.oneof(fc.nat(16), fc.constantFrom(-1, 1e300, null))), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())), fc.jsonValue());
    fc.assert(
      fc.property(header, fc.nat(32), (header, dataBytes) => {
        try {
          decodeSafetensors(file(header, dataBytes));
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(), /an empty file/],
    ['five bytes', new Uint8Array(5), /ends at byte 5/],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13), /89 50 4e 47[^]*not a checkpoint/],
    ['JSON', new TextEncoder().encode('{"model": [1, 2, 3]}'), /begins with the bytes 7b 22[^]*not a checkpoint/],
    ['a zip, as PyTorch writes', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 8, 8, 0, 0), /not a checkpoint/],
    ['a header of 100 MB and more', Uint8Array.of(0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0, 0x7b), /not a checkpoint/],
    ['a header longer than the file', Uint8Array.of(99, 0, 0, 0, 0, 0, 0, 0, 0x7b), /end at byte 107[^]*at byte 9/],
    ['a header that is no JSON', file('{"a":'), /a JSON object in UTF-8/],
    [
      'a header that is no UTF-8',
      file('{"ab":1}').map((byte) => (byte === 0x61 ? 0xff : byte)),
      /a JSON object in UTF-8/,
    ],
    ['a header nested without end', file(`{"a":${'['.repeat(200_000)}`), /a JSON object in UTF-8/],
    [
      'a name that comes twice',
      file(
        '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}',
        1,
      ),
      /"a" twice/,
    ],
    ['an entry that is no object', file({ a: 1 }), /tensor "a" to have dtype, shape/],
    ['a type tfjs does not have', file({ a: { ...f32([1], 0, 8), dtype: 'F64' } }, 8), /F32, I32, BOOL, U8[^]*"F64"/],
    ['a type named like a method', file({ a: { ...f32([1], 0, 8), dtype: 'toString' } }, 8), /"toString"/],
    ['a negative size', file({ a: f32([-1], 0, 4) }, 4), /whole numbers[^]*\[-1\]/],
    ['a size past all bounds', file({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /whole numbers/],
    ['a size past all bounds, times 0', file({ a: f32([2 ** 40, 2 ** 40, 0], 0, 0) }), /whole numbers/],
    ['no shape', file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, 4), /shape[^]*none/],
    ['offsets backwards', file({ a: f32([1], 4, 0) }, 4), /\[begin, end\][^]*\[4,0\]/],
    ['three offsets', file({ a: { dtype: 'U8', shape: [], data_offsets: [0, 1, 2] } }, 1), /data_offsets/],
    ['a shape that does not fit its bytes', file({ a: f32([2], 0, 4) }, 4), /to take 8 bytes[^]*which are 4/],
    ['a gap', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /"b" to begin at offset 4[^]*leaves a gap/],
    ['a gap at the beginning', file({ a: f32([1], 4, 8) }, 8), /leaves a gap/],
    ['an overlap', file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8), /"b" to begin at offset 8[^]*overlaps/],
    ['values past the end', file({ a: f32([100], 0, 400) }, 4), /to end at byte[^]*ends at byte/],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }), /__metadata__ to be an object of strings/],
    ['metadata that is a list', file({ __metadata__: ['a'] }), /__metadata__ to be an object of strings/],
  ])('%s: the error says what is wrong', (_name, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'best.ckpt')).toThrow(CheckpointError);
    expect(() => decodeSafetensors(bytes, 'best.ckpt')).toThrow(message);
    expect(() => decodeSafetensors(bytes, 'best.ckpt')).toThrow(/best\.ckpt/);
  });

  test('empty tensors may stand anywhere between others', () => {
    const header = { z: f32([0], 4, 4), a: f32([1], 0, 4), y: f32([3, 0], 0, 0) };
    expect(Object.keys(decodeSafetensors(file(header, 4)).tensors)).toHaveLength(3);
  });

  test.each(['missing', '.'])('a path that is no file (%s) is refused', async (path) => {
    await expect(readSafetensors(join(folder, path))).rejects.toThrow(CheckpointError);
  });
});

describe('what cannot be stored is refused', () => {
  const one = Float32Array.of(1);
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a type tfjs does not have', { a: { dtype: 'F64', shape: [1], data: new Float64Array(1) } }, /"F64"/],
    ['another array than the type says', { a: { dtype: 'I32', shape: [1], data: one } }, /Int32Array[^]*Float32Array/],
    [
      'more values than the shape has',
      { a: { dtype: 'F32', shape: [], data: new Float32Array(2) } },
      /1 values[^]*2 in/,
    ],
    ['a shape that is none', { a: { dtype: 'F32', shape: [-1], data: one } }, /a whole number of values/],
    ['the name the format keeps for itself', { __metadata__: { dtype: 'F32', shape: [1], data: one } }, /__metadata__/],
    ['half a character for a name', { '\ud800': { dtype: 'F32', shape: [1], data: one } }, /whole Unicode characters/],
  ])('%s', (_name, tensors, message) => {
    expect(() => encodeSafetensors(tensors as never, {})).toThrow(CheckpointError);
    expect(() => encodeSafetensors(tensors as never, {})).toThrow(message);
  });

  test('metadata that is no text', () => {
    expect(() => encodeSafetensors({}, { a: 1 as never })).toThrow(CheckpointError);
    expect(() => encodeSafetensors({}, { a: '\udfff' })).toThrow(CheckpointError);
  });

  test('more text than any reader accepts', () => {
    expect(() => encodeSafetensors({}, { a: 'x'.repeat(100_000_001) })).toThrow(/at most 100000000 bytes/);
  });
});
