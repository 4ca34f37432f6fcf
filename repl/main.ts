import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError, StrobeError } from '../src/errors.js';
import { loadExperiment } from '../src/cli/load.js';
import { settingsOf } from '../src/cli/train.js';
import { readRecovery, type Recovery } from './session/recovery.js';

export interface ReplFlags {
  set?: string[];
  backend?: string;
  ckpt?: string;
  recover?: boolean;
  plain?: boolean;
}

/** `strobe repl [FILE]`: opens a run in the terminal. Without FILE it is the demo. */
export async function repl(file: string | undefined, flags: ReplFlags = {}): Promise<void> {
  // React draws several times as fast so; it looks when it is loaded.
  process.env['NODE_ENV'] ??= 'production';
  const recovery = flags.recover ? await readRecovery() : undefined;
  if (recovery && (file ?? flags.ckpt) !== undefined) throw twoBeginnings(recovery);
  const opened = recovery ?? openedBy(file, flags);
  const screen =
    !flags.plain && process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb' && !inCI();
  if (screen) process.stdout.write(`Opening ${opened.file} ...\n`);
  const experiment = await loadExperiment(opened.file, settingsOf(opened.set));
  if (opened.backend !== undefined) experiment.trainer.useEngine(opened.backend);
  const ckptPath = recovery?.checkpoints[0] ?? flags.ckpt;
  const options = ckptPath === undefined ? {} : { ckptPath, savedAt: recovery?.position.globalStep ?? 0 };
  if (screen) {
    const { application } = await import('./app/application.js');
    await application(experiment, { opened, ...options, ...(recovery ? { greeting: greeting(recovery) } : {}) });
  } else {
    const { plain } = await import('./plain/plain.js');
    await plain(experiment, opened, options);
  }
}

function openedBy(file: string | undefined, { set = [], backend }: ReplFlags) {
  const path = file ?? fileURLToPath(new URL('examples/digits/digits.ts', import.meta.resolve('strobe/package.json')));
  return { file: resolve(path), set, ...(backend === undefined ? {} : { backend }) };
}

/** Where Ink shows only the last of what it draws. */
function inCI(): boolean {
  return ['CI', 'CONTINUOUS_INTEGRATION'].some((name) => !['0', 'false', undefined].includes(process.env[name]));
}

function greeting({ checkpoints: [first, ...others], time, position }: Recovery): string {
  const { hook, epoch, batchIdx, globalStep } = position;
  const rest = others.map((path) => `\nalso saved: ${path}; strobe repl FILE --ckpt PATH opens it`);
  return `recovered from ${first}, saved ${time}\nthe run goes on before ${hook}: epoch ${epoch}, batch ${batchIdx}, step ${globalStep}${rest.join('')}`;
}

function twoBeginnings({ file }: Recovery): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('--recover opens what was saved.', {
      expected: 'strobe repl --recover alone',
      received: 'a FILE or --ckpt with it',
      hint: `leave them out: ${file} is opened`,
    }),
  );
}
