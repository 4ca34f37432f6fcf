import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { flattened, toYaml } from '../../src/loggers/hparams.js';

const loop: Record<string, unknown> = { x: 1 };
loop['self'] = loop;

describe('hyper-parameters as YAML', () => {
  it.each<[unknown, string]>([
    [0.1, '0.1'],
    [NaN, '.nan'],
    [-Infinity, '-.inf'],
    [10n ** 20n, '100000000000000000000'],
    ['a: b', '"a: b"'],
    [undefined, 'null'],
    [{ betas: [0.9, NaN], name: 'x' }, '{"betas":[0.9,.nan],"name":"x"}'],
    [new Map([['a', new Set([1])]]), '{"a":[1]}'],
    [Float32Array.of(1, 2), '[1,2]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [Math.max, '"function max"'],
    [tf.zeros([2, 3]), '"a float32 tensor of shape [2, 3]"'],
    [loop, '{"x":1,"self":"[Circular]"}'],
  ])('writes %o', (value, text) => {
    expect(toYaml({ value })).toBe(`value: ${text}\n`);
  });

  it('quotes names that would be something else without', () => {
    const names = ['lr', 'net/depth', 'yes', 'a: b', '#x', ''];
    const lines = toYaml(Object.fromEntries(names.map((name) => [name, 1]))).split('\n');
    expect(lines).toEqual(['lr: 1', 'net/depth: 1', '"yes": 1', '"a: b": 1', '"#x": 1', '"": 1', '']);
  });
});

describe('hyper-parameters in one level', () => {
  it('go by the path in nested records; the rest is text', () => {
    const nested = { optimizer: { lr: 0.1, name: 'Adam', betas: [0.9, 0.99] }, deep: true, seed: 5n, loop };
    expect(flattened(nested)).toEqual({
      'optimizer/lr': 0.1,
      'optimizer/name': 'Adam',
      'optimizer/betas': '[0.9,0.99]',
      deep: true,
      seed: '5',
      'loop/x': 1,
      'loop/self': '"[Circular]"',
    });
  });
});
