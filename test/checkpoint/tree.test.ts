import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { pack, unpack } from '../../src/checkpoint/tree.js';

const nameOf = (path: string[]): string => path.join('.');

function roundTrip(tree: unknown): unknown {
  const { json, tensors } = pack(tree, nameOf);
  return unpack(json, tensors);
}

describe('a checkpoint as JSON and tensors', () => {
  it.each([
    Float32Array,
    Float64Array,
    Int8Array,
    Int16Array,
    Int32Array,
    Uint8Array,
    Uint8ClampedArray,
    Uint16Array,
    Uint32Array,
  ])('holds arrays of every type that numbers come in: %o', (type) => {
    expect(roundTrip({ values: type.from([1, 2, 250]) })).toEqual({ values: type.from([1, 2, 250]) });
  });

  it('holds lists with holes as lists in which something is undefined', () => {
    expect(roundTrip(Object.assign([], { 2: 1 }))).toEqual([undefined, undefined, 1]);
  });

  it('keeps two tensors apart whose paths give one name', () => {
    const [first, second] = [tf.scalar(1), tf.scalar(2)];
    const { json, tensors } = pack({ a: { b: first }, 'a.b': second }, nameOf);
    expect(tensors).toEqual({ 'a.b': first, 'a.b#2': second });
    expect(unpack(json, tensors)).toEqual({ a: { b: first }, 'a.b': second });
  });

  it('takes the same record in two places, but none that holds itself', () => {
    const record: Record<string, unknown> = { x: 1 };
    expect(roundTrip([record, { record }])).toEqual([{ x: 1 }, { record: { x: 1 } }]);
    record['self'] = [record];
    expect(() => pack({ record }, nameOf)).toThrow(
      /record\.self\.0 cannot be written to a checkpoint[^]*something that holds itself/,
    );
  });

  it('says of a hyper-parameter that cannot be written how to leave it out', () => {
    const loss = (): number => 1;
    expect(() => pack({ hyperParameters: { loss } }, nameOf)).toThrow(
      /hyperParameters\.loss[^]*function loss[^]*saveHyperparameters\(options, \{ ignore: \["loss"\] \}\)/,
    );
    expect(() => pack({ callbacks: { mine: { loss } } }, nameOf)).toThrow(/give stateDict\(\)/);
  });
});
