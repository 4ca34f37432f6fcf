import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createEvaluator, type Evaluator } from '../../src/evaluator/evaluator.js';
import { display } from '../../src/display/index.js';
import type { Questions } from './questions.js';

export interface KernelGlobals {
  input: Questions['input'];
  clearOutput: (wait?: boolean) => void;
}

/** Starts the evaluator with the names that every cell sees. Its compiler starts while this thread loads the packages. */
export async function startEvaluator({ input, clearOutput }: KernelGlobals): Promise<Evaluator> {
  const cwd = process.cwd();
  const globals = {
    display: { value: display, type: "typeof import('strobe/display').display" },
    input: { value: input, type: '(prompt?: string, options?: { password?: boolean }) => Promise<string>' },
    clearOutput: { value: clearOutput, type: '(wait?: boolean) => void' },
    tf: { type: "typeof import('@tensorflow/tfjs')", value: undefined as unknown },
    strobe: { type: "typeof import('strobe')", value: undefined as unknown },
  };
  const evaluator = createEvaluator({ cwd, globals });
  [globals.tf.value, globals.strobe.value] = await Promise.all([
    importFrom(cwd, '@tensorflow/tfjs', () => import('@tensorflow/tfjs')),
    importFrom(cwd, 'strobe', () => import('../../src/index.js')),
  ]);
  evaluator.reset();
  return evaluator;
}

/** The package that the notebook's folder has, which is the one that its imports get; else the kernel's own. */
async function importFrom(folder: string, name: string, own: () => Promise<unknown>): Promise<unknown> {
  let path: string;
  try {
    path = createRequire(`${folder}/`).resolve(name);
  } catch {
    return own();
  }
  return import(pathToFileURL(path).href);
}
