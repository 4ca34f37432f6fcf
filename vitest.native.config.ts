import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

const { resolve, ssr, test: { projects: _, ...test } = {} } = base;

/**
 * The unit tests on TensorFlow: whatever names the cpu engine gets it. Tests of other engines, and of what they have in
 * common, choose for themselves and stay out; so do those of parts that compute nothing.
 */
export default defineConfig({
  ...(resolve && { resolve }),
  ...(ssr && { ssr }),
  test: {
    ...test,
    include: ['test/**/*.test.{ts,tsx}'],
    // The last two are about engines whose memory JavaScript can write, and compare them bit for bit.
    exclude: [
      'test/{e2e,docs,evaluator,kernel,repl,scripts}/**',
      'test/backend/**',
      'test/trainer/onnx.test.ts',
      'test/trainer/replay/**',
      'test/tensors/host.test.ts',
      'test/optim/kernel.test.ts',
      // About a process in which nothing was seeded yet: here files share one.
      'test/data/split.test.ts',
    ],
    // TensorFlow is loaded once for many files, not once for each.
    isolate: false,
    setupFiles: ['test/support/native-engine.ts'],
    testTimeout: 180_000,
  },
});
