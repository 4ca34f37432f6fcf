import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExperiment } from '../src/cli/load.js';
import { settingsOf } from '../src/cli/train.js';

export interface ReplFlags {
  set?: string[];
  backend?: string;
  ckpt?: string;
}

/** `strobe repl [FILE]`: opens a run in the terminal. Without FILE it is the demo. */
export async function repl(file: string | undefined, { set = [], backend, ckpt }: ReplFlags = {}): Promise<void> {
  // React draws several times as fast so; it looks when it is loaded.
  process.env['NODE_ENV'] ??= 'production';
  const path = file ?? fileURLToPath(new URL('examples/digits/digits.ts', import.meta.resolve('strobe/package.json')));
  const experiment = await loadExperiment(path, settingsOf(set));
  if (backend !== undefined) experiment.trainer.useEngine(backend);
  const { application } = await import('./app/application.js');
  await application(experiment, { file: resolve(path), ...(ckpt === undefined ? {} : { ckptPath: ckpt }) });
}
