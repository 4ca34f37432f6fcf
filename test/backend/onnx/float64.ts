import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as tf from '@tensorflow/tfjs-core';
import { build } from 'esbuild';

/**
 * TensorFlow.js and its cpu backend once more, computing in double precision: the same sources with every `Float32Array`
 * a `Float64Array`, and globals of its own. What both engines should come to, but for rounding.
 */
export async function loadFloat64(): Promise<typeof tf> {
  const folder = await mkdtemp(join(tmpdir(), 'float64-'));
  try {
    const outfile = join(folder, 'tf.mjs');
    const core = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json');
    await build({
      stdin: {
        contents: `
          import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
          import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
          import '@tensorflow/tfjs-backend-cpu';
          export * from '@tensorflow/tfjs-core';`,
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      },
      alias: { '@tensorflow/tfjs-core': join(core, '..') },
      mainFields: ['module', 'main'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      define: { Float32Array: 'Float64Array', global: 'float64' },
      banner: {
        js: `import { createRequire } from 'node:module';
             const require = createRequire(import.meta.url);
             const float64 = { process };`,
      },
      logLevel: 'error',
    });
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as typeof tf;
    await loaded.setBackend('cpu');
    return loaded;
  } finally {
    await rm(folder, { recursive: true });
  }
}
