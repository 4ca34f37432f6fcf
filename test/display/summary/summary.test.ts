import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { Module, parameter } from 'strobe';
import { humanCount, summaryText, type Summary } from '../../../src/display/summary/layout.js';
import { summaryOf } from '../../../src/display/summary/summarize.js';

interface Case {
  id: string;
  expect: { text: string };
}
const cases = JSON.parse(
  await readFile(new URL('../../oracles/model_summary.json', import.meta.url), 'utf8'),
) as Case[];
const expected = (id: string) => cases.find((entry) => entry.id === id)?.expect.text;

/** What the peer's cases describe, as rows. */
const doc: Summary = {
  rows: [
    {
      name: 'net',
      type: 'Sequential',
      params: 132_608,
      mode: 'train',
      flops: 2_621_440,
      inSizes: '[10, 256]',
      outSizes: '[10, 512]',
    },
    {
      name: 'net.0',
      type: 'Linear',
      params: 131_584,
      mode: 'train',
      flops: 2_621_440,
      inSizes: '[10, 256]',
      outSizes: '[10, 512]',
    },
    {
      name: 'net.1',
      type: 'BatchNorm1d',
      params: 1024,
      mode: 'train',
      flops: 0,
      inSizes: '[10, 512]',
      outSizes: '[10, 512]',
    },
  ],
  sized: true,
  trainable: 132_608,
  nonTrainable: 0,
  modulesInTrain: 3,
  modulesInEval: 0,
  flops: 2_621_440,
};
const two: Summary = {
  rows: [
    { name: 'enc', type: 'Sequential', params: 67, mode: 'train', flops: 0 },
    { name: 'head', type: 'Linear', params: 8, mode: 'eval', flops: 0 },
    { name: 'other params', type: 'n/a', params: 5 },
  ],
  sized: false,
  trainable: 72,
  nonTrainable: 8,
  modulesInTrain: 4,
  modulesInEval: 1,
  flops: 0,
};
const trimmed = (text: string | undefined) => text?.replace(/ +$/gm, '');

describe("the text of a summary is the peer's, but for blanks at the ends of lines", () => {
  it.each([
    ['sum.doc_d1', { ...doc, rows: doc.rows.slice(0, 1) }],
    ['sum.doc_d-1', doc],
    ['sum.m2_d1', two],
  ])('%s', (id, summary) => expect(trimmed(summaryText(summary))).toBe(trimmed(expected(id))));

  it.each([
    [4, '4  '],
    [123, '123  '],
    [1234, '1.2 K'],
    [132_608, '132 K'],
    [2_621_440, '2.6 M'],
  ])('%d is written %s', (count, text) => expect(humanCount(count)).toBe(text));
});

describe('a module', () => {
  class Net extends Module {
    readonly net = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 10, name: 'head' }),
      ],
    });
    readonly scale = parameter(tf.zeros([5]));
    override exampleInput = tf.zeros([2, 8, 8, 1]);
  }

  it('is counted with its layers, sizes and operations', () => {
    const { rows, ...totals } = summaryOf(new Net(), { maxDepth: 2 });
    expect(rows).toEqual([
      {
        name: 'net',
        type: 'Sequential',
        params: 1490,
        mode: 'train',
        flops: 5184 + 5760 * 1,
        inSizes: '[2, 8, 8, 1]',
        outSizes: '[2, 10]',
      },
      {
        name: 'net.conv2d_1',
        type: 'Conv2D',
        params: 40,
        mode: 'train',
        flops: 2 * 9 * 4 * 36 * 2,
        inSizes: '[2, 8, 8, 1]',
        outSizes: '[2, 6, 6, 4]',
      },
      {
        name: 'net.flatten_1',
        type: 'Flatten',
        params: 0,
        mode: 'train',
        flops: 0,
        inSizes: '[2, 6, 6, 4]',
        outSizes: '[2, 144]',
      },
      {
        name: 'net.head',
        type: 'Dense',
        params: 1450,
        mode: 'train',
        flops: 2 * 144 * 10 * 2,
        inSizes: '[2, 144]',
        outSizes: '[2, 10]',
      },
      { name: 'other params', type: 'n/a', params: 5 },
    ]);
    expect(totals).toMatchObject({ trainable: 1495, nonTrainable: 0, flops: 10_944, modulesInTrain: 4 });
  });

  it('shows what is frozen as non-trainable', () => {
    const model = new Net();
    model.freeze();
    expect(summaryOf(model)).toMatchObject({ trainable: 0, nonTrainable: 1495, modulesInEval: 4 });
  });
});
