import { createEvaluator, type Evaluator, type Global } from '../../src/evaluator/evaluator.js';

/** The names that every cell sees. */
const TYPES = {
  display: { type: "typeof import('strobe/display').display" },
  input: { type: '(prompt?: string, options?: { password?: boolean }) => Promise<string>' },
  clearOutput: { type: '(wait?: boolean) => void' },
  tf: { module: '@tensorflow/tfjs' },
  strobe: { module: 'strobe' },
};

/** An evaluator whose compiler reads types already, while the values of the names that every cell sees are still being loaded. */
export interface Boot {
  /** Gives the names their values: from then on, cells can run. */
  ready(values: Record<keyof typeof TYPES, unknown>): Evaluator;
}

export function boot(): Boot {
  const globals: Record<string, Global> = Object.fromEntries(
    Object.entries(TYPES).map(([name, type]) => [name, { value: undefined, ...type }]),
  );
  const evaluator = createEvaluator({ cwd: process.cwd(), globals, tellStacks: true });
  return {
    ready(values) {
      for (const [name, value] of Object.entries(values)) Object.assign(globals[name] ?? {}, { value });
      evaluator.reset();
      return evaluator;
    },
  };
}
