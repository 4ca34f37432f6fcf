import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildNative, type BuildProgress, removeNative } from '../backend/native/build.js';
import { findInstallation } from '../backend/native/installation.js';
import { nativePaths } from '../backend/native/paths.js';
import { stages } from '../backend/native/stages.js';
import { readState, type Variant } from '../backend/native/state.js';
import { ConfigurationError, StrobeError } from '../errors.js';
import { SIGNALS } from '../trainer/signals.js';

export interface NativeBuildFlags {
  from?: string;
  cpu?: boolean;
  cuda?: boolean;
  dryRun?: boolean;
}

/** `strobe native build`: Ctrl-C ends it; called again, it goes on where it stopped. */
export async function nativeBuild({ from, cpu, cuda, dryRun }: NativeBuildFlags): Promise<void> {
  if (cpu && cuda) {
    throw new ConfigurationError(
      StrobeError.compose('Two variants of TensorFlow were asked for', {
        expected: '--cpu or --cuda',
        received: '--cpu and --cuda',
        hint: 'leave out one of them, or both to build what fits the machine',
      }),
    );
  }
  const paths = nativePaths();
  const found = findInstallation(paths);
  if (typeof found !== 'string' && found.source === 'package') {
    console.log(`Nothing to build: ${found.files.folder} works as npm has installed it.`);
    return;
  }
  const variant: Variant | undefined = cpu ? 'cpu' : cuda ? 'cuda' : undefined;
  const abort = new AbortController();
  let status = 0;
  const interrupt = (signal: NodeJS.Signals, number: number): void => {
    status = 128 + number;
    abort.abort(new Error(`ended by ${signal}`));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    const folder = from === undefined ? undefined : resolve(from);
    const { tried } = await buildNative({
      from: folder,
      variant,
      dryRun,
      paths,
      signal: abort.signal,
      onProgress: progressLines(),
    });
    if (dryRun) console.log(`It would go to ${paths.root}.`);
    else if (tried) console.log(`TensorFlow ${tried.version} trains here, on the ${tried.gpu ? 'GPU' : 'CPU'}.`);
  } catch (error) {
    if (error !== abort.signal.reason) throw error;
    console.error('Interrupted. strobe native build goes on from there.');
    process.exitCode = status;
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}

/** `strobe native status`: what is built, where, and what is missing. */
export function nativeStatus({ json }: { json?: boolean }): void {
  const paths = nativePaths();
  const state = readState(paths.state);
  const found = findInstallation(paths);
  const usable = typeof found !== 'string';
  if (json) {
    console.log(JSON.stringify({ usable, why: usable ? null : found, folder: paths.root, state }));
    return;
  }
  const source = usable && found.source === 'package' ? `the npm package in ${found.files.folder}` : paths.root;
  console.log(usable ? `TensorFlow ${found.version ?? ''} is ready: ${source}` : `TensorFlow is not ready: ${found}`);
  if (!state) return;
  for (const { id, title } of stages) console.log(`  ${state.done.includes(id) ? 'done   ' : 'to do  '} ${title}`);
  if (state.library) console.log(`  library ${state.library.main}`);
  if (existsSync(paths.log)) console.log(`  log     ${paths.log}`);
}

/** `strobe native remove`: deletes what a build has made. */
export function nativeRemove(): void {
  const { root } = nativePaths();
  console.log(removeNative() ? `Removed ${root}.` : `There is nothing to remove in ${root}.`);
}

/** A line when a stage begins, one when it has ended. */
function progressLines(): (progress: BuildProgress) => void {
  let from = 0;
  return ({ number, of, title, plan, status }) => {
    const stage = `[${number}/${of}] ${title}`;
    if (status === 'started') from = performance.now();
    if (status === 'done') console.log(`      done in ${((performance.now() - from) / 1000).toFixed(0)} s`);
    else if (status === 'kept') console.log(`${stage}: done already`);
    else console.log(plan ? `${stage}\n      ${plan}` : stage);
  };
}
