import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { Module, parameter, type Parameter } from 'strobe';
import {
  humanCount,
  richSummary,
  summaryTable,
  summaryText,
  type Summary,
} from '../../../src/display/summary/layout.js';
import { summaryOf } from '../../../src/display/summary/summarize.js';
import { bundleOf } from '../../../src/display/bundle-of.js';
import { summaryView } from '../../../src/display/tables/summary.js';

interface Case {
  id: string;
  expect: Record<string, unknown>;
}
const cases = JSON.parse(
  await readFile(new URL('../../oracles/model_summary.json', import.meta.url), 'utf8'),
) as Case[];
const expectOf = (id: string) => cases.find((entry) => entry.id === id)?.expect ?? {};
const expected = (id: string) => expectOf(id)['text'] as string;

/** The peer's layers, as modules written by hand. */
class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  constructor(inputs: number, outputs: number) {
    super();
    this.weight = parameter(tf.ones([inputs, outputs]));
    this.bias = parameter(tf.zeros([outputs]));
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.add(tf.matMul(x as tf.Tensor2D, this.weight.variable as tf.Tensor as tf.Tensor2D), this.bias.variable);
  }
}
class ReLU extends Module {
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.relu(x);
  }
}
class BatchNorm1d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  constructor(size: number) {
    super();
    this.weight = parameter(tf.ones([size]));
    this.bias = parameter(tf.zeros([size]));
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.add(tf.mul(x, this.weight.variable), this.bias.variable);
  }
}
class Sequential extends Module {
  constructor(...parts: Module[]) {
    super();
    Object.assign(this, Object.fromEntries(parts.entries()));
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return [...this.children()].reduce((value, [, part]) => (part as Module).forward(value) as tf.Tensor, x);
  }
}
class Doc extends Module {
  readonly net = new Sequential(new Linear(256, 512), new BatchNorm1d(512));
  override exampleInput = tf.ones([10, 256]);
  override forward(x: tf.Tensor): tf.Tensor {
    return this.net.forward(x);
  }
}
class Two extends Module {
  readonly enc = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 3));
  readonly head = new Linear(3, 2).freeze();
  readonly scale = parameter(tf.ones([5]));
}

describe("the text of a summary is the peer's", () => {
  it.each([
    ['sum.doc_d1', new Doc(), 1],
    ['sum.doc_d-1', new Doc(), -1],
    ['sum.m2_d1', new Two(), 1],
    ['sum.m2_d0', new Two(), 0],
  ])('%s', (id, module, maxDepth) => expect(summaryText(summaryOf(module, { maxDepth }))).toBe(expected(id)));

  it('sum.m2_d2, but for the parameters outside any layer: the peer loses them below depth 1', () => {
    const [head = '', rule = '', ...rest] = expected('sum.m2_d2').split('\n');
    const ours = summaryText(summaryOf(new Two(), { maxDepth: 2 })).split('\n');
    const widen = (line: string) =>
      line.replace(/^(.{4}.{5})/, `$1${' '.repeat('other params'.length - 'enc.0'.length)}`);
    const other = ours.find((line) => line.includes('other params'));
    expect(other).toBe('  | other params | n/a        | 5      | n/a   | n/a  ');
    expect(ours.filter((line) => line !== other)).toEqual([
      widen(head),
      rule + '-'.repeat('other params'.length - 'enc.0'.length),
      ...rest.map((line) => (/^\d \|/.test(line) ? widen(line) : line.startsWith('--') ? `${line}-------` : line)),
    ]);
  });

  it('sum.size_mb', () => {
    const summary: Summary = {
      rows: [],
      sized: false,
      trainable: 250_000,
      nonTrainable: 0,
      modulesInTrain: 0,
      modulesInEval: 0,
      flops: 0,
    };
    const { MB } = expectOf('sum.size_mb') as { MB: number };
    expect(summaryText(summary)).toContain(`${MB.toFixed(3)}     Total estimated model params size (MB)`);
  });

  it('sum.other', () => {
    class Bare extends Module {
      readonly w = parameter(tf.zeros([2, 2]));
    }
    const { header, cells } = summaryTable(summaryOf(new Bare()));
    const row = Object.fromEntries(header.map((title, i) => [title, cells.at(-1)?.[i]]));
    const last = (expectOf('sum.other') as Record<string, Record<string, string>>)['last row'];
    for (const [title, cell] of Object.entries(last ?? {})) expect(row[title]?.trim()).toBe(cell.trim());
  });

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
    override forward(x: tf.Tensor): tf.Tensor {
      return this.net.apply(x) as tf.Tensor;
    }
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

  it('goes through hand-written modules and tfjs layers alike, and leaves them as they were', () => {
    class Inner extends Module {
      readonly conv = tf.layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, inputShape: [8, 8, 1] });
      readonly unreached = new ReLU();
      constructor() {
        super();
        this.conv.build([null, 8, 8, 1]);
      }
      override forward(x: tf.Tensor): tf.Tensor {
        return tf.reshape(this.conv.apply(x) as tf.Tensor, [-1, 18]);
      }
    }
    class Outer extends Module {
      readonly inner = new Inner();
      readonly head = new Linear(18, 5);
      override exampleInput = tf.ones([4, 8, 8, 1]);
      override forward(x: tf.Tensor): tf.Tensor {
        expect(this.training).toBe(false);
        return this.head.forward(this.inner.forward(x));
      }
    }
    const model = new Outer();
    model.head.eval();
    const before = tf.memory().numTensors;
    const { rows, flops, modulesInEval } = summaryOf(model, { maxDepth: -1 });
    expect(tf.memory().numTensors).toBe(before);
    const conv = 2 * 9 * 2 * 9 * 4;
    const head = 2 * 18 * 5 * 4;
    expect(rows.map(({ name, inSizes = '?', outSizes = '?', flops }) => [name, inSizes, outSizes, flops])).toEqual([
      ['inner', '[4, 8, 8, 1]', '[4, 18]', conv],
      ['inner.conv', '[4, 8, 8, 1]', '[4, 3, 3, 2]', conv],
      ['inner.unreached', '?', '?', 0],
      ['head', '[4, 18]', '[4, 5]', head],
    ]);
    expect(flops).toBe(conv + head);
    expect(modulesInEval).toBe(1);
    expect([model.training, model.inner.training, model.head.training]).toEqual([true, true, false]);
    expect(Object.keys(model.inner.conv)).not.toContain('call');
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
  });

  it('is left as it was when its example does not go through it', () => {
    const model = Object.assign(new Doc(), { exampleInput: tf.ones([10, 3]) });
    expect(() => summaryOf(model)).toThrow();
    expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
    expect(Object.hasOwn(model.net, 'forward')).toBe(false);
    expect(model.training).toBe(true);
    expect(summaryOf(model, { measured: false }).sized).toBe(false);
  });
});

describe('a summary shows itself', () => {
  it('as text and as an HTML table', () => {
    const bundle = bundleOf(summaryView(summaryOf(new Doc())));
    expect(bundle['text/plain']).toMatch(/net +Sequential +132 K[\s\S]*132 K Total params/);
    expect(bundle['text/html']).toMatch(/<td[^>]*>Sequential<\/td>[\s\S]*132 K Total params/);
  });

  it('as a table with lines', () => {
    const text = richSummary(summaryOf(new Two()), new Chalk({ level: 0 }));
    expect(text).toContain('│ 0 │ enc          │ Sequential │     67 │ train │     0 │');
    expect(text).toContain('Total FLOPs: 0');
    expect(richSummary(summaryOf(new Two()), new Chalk({ level: 1 }))).toContain('\u001B[1m');
  });
});
