import { createEvaluator, type Evaluator } from '../../src/evaluator/evaluator.js';
import { display } from '../../src/display/index.js';
import type { Questions } from './questions.js';

export interface KernelGlobals {
  input: Questions['input'];
  clearOutput: (wait?: boolean) => void;
}

/** Starts the evaluator with the names that every cell sees. Its compiler starts while this thread loads the packages. */
export async function startEvaluator({ input, clearOutput }: KernelGlobals): Promise<Evaluator> {
  const globals = {
    display: { value: display, type: "typeof import('strobe/display').display" },
    input: { value: input, type: '(prompt?: string, options?: { password?: boolean }) => Promise<string>' },
    clearOutput: { value: clearOutput, type: '(wait?: boolean) => void' },
    tf: { value: undefined as unknown, module: '@tensorflow/tfjs' },
    strobe: { value: undefined as unknown, module: 'strobe' },
  };
  const evaluator = createEvaluator({ cwd: process.cwd(), globals });
  [globals.tf.value, globals.strobe.value] = await Promise.all([
    import('@tensorflow/tfjs'),
    import('../../src/index.js'),
  ]);
  evaluator.reset();
  return evaluator;
}
