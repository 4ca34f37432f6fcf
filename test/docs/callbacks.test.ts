import { readdirSync, readFileSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as strobe from 'strobe';
import { scratchFolder } from '../support/scripted.js';

const folder = scratchFolder();
const docs = new URL('../../docs/callbacks/', import.meta.url);
const pages = readdirSync(docs).filter((name) => name !== 'README.md');
const kebab = (name: string) => name.replace(/(.)([A-Z])/g, '$1-$2').toLowerCase();

afterEach(() => vi.restoreAllMocks());

class Model extends strobe.Module {
  readonly w = strobe.parameter(tf.ones([2, 1]));
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.matMul(x, this.w.variable);
  }
  override trainingStep(x: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.square(this.forward(x))) as tf.Scalar;
    this.log('loss', loss);
    return loss;
  }
  override validationStep(x: tf.Tensor): void {
    this.log('val_loss', tf.mean(this.forward(x)), { progBar: true });
    this.log('val_acc', 0.5);
  }
  override configureOptimizers(): strobe.SGD {
    return new strobe.SGD(this.parameters(), { lr: 0.1 });
  }
}

/** A page's example as a function of what it takes for granted. */
function exampleOf(page: string): (names: Record<string, unknown>) => Promise<void> {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(new URL(page, docs), 'utf8')) ?? [];
  const { outputText } = ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const plain = outputText
    .replace(/import \{(.*?)\} from 'strobe';/g, 'const {$1} = strobe;')
    .replace('export {};', '');
  return async (names) => {
    const body = `return (async () => { ${plain} })();`;
    const run = compileFunction(body, Object.keys(names)) as (...values: unknown[]) => Promise<void>;
    await run(...Object.values(names));
  };
}

describe('the example of', () => {
  it.each(pages)(
    '%s runs',
    async (page) => {
      const print = vi.spyOn(console, 'log').mockReturnValue();
      vi.spyOn(console, 'warn').mockReturnValue();
      vi.spyOn(process.stdout, 'write').mockReturnValue(true);
      const batches = (count: number) => Array.from({ length: count }, () => tf.ones([3, 2]));
      const data = { train: batches(4), val: batches(2), predict: batches(2) };
      class Trainer extends strobe.Trainer {
        constructor(options: strobe.TrainerOptions) {
          super({ backend: 'cpu', defaultRootDir: folder(), ...options });
        }
      }
      const example = exampleOf(page);
      await example({ strobe: { ...strobe, Trainer }, model: new Model(), data, folder: folder() });
      expect(print.mock.calls.flat()).not.toContain(undefined);
    },
    30_000,
  );
});

it('every page is about a callback, and has a line in the list', () => {
  const callbacks = Object.entries(strobe)
    .filter(([, value]) => typeof value === 'function' && value.prototype instanceof strobe.Callback)
    .map(([name]) => `${kebab(name)}.md`);
  const ours = pages.filter((page) => callbacks.includes(page));
  expect(ours.sort()).toEqual([...pages].sort());
  const list = readFileSync(new URL('README.md', docs), 'utf8');
  for (const page of pages.filter((page) => !page.startsWith('rich-'))) expect(list).toContain(`(${page})`);
});
