import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../folder.js';
import { runCommand } from './command.js';
import { findLibrary, requireLibrary, variantOf } from './library.js';
import type { Machine } from './machine.js';
import type { BuildContext } from './stage.js';
import type { Library, Variant } from './state.js';

/** The release the addon was tried with. */
export const TENSORFLOW_VERSION = '2.21.0';

/** Pythons that have wheels of that release. Only the libraries inside are needed, so that any of them will do. */
const WHEEL_PYTHONS = ['3.12', '3.11', '3.10', '3.13'];

/** The TensorFlow of the build's own wheel, which is installed where it is missing or made for another processor. */
export async function obtainWheel({ paths, state, machine, signal }: BuildContext): Promise<Library> {
  const own = findLibrary(paths.wheel);
  if (own && variantOf(own) === state.variant) return own;

  const partial = `${paths.wheel}.partial`;
  const temporary = join(paths.root, 'tmp');
  for (const folder of [paths.wheel, partial, temporary]) rmSync(folder, { recursive: true, force: true });
  makeFolder(temporary);
  const install = (...wheel: string[]) =>
    runCommand(
      machine.python?.command ?? 'python3',
      ['-m', 'pip', 'install', '--target', partial, '--upgrade', ...wheel],
      {
        log: paths.log,
        hint: 'check that pip reaches its index (pip config list), or pass --from DIR with a TensorFlow you have',
        signal,
        // Everything stays in the build's folder, on its disk, also what an interrupted pip leaves.
        env: { ...process.env, TMPDIR: temporary, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_USER: '0' },
      },
    );
  const wheel = wheelArguments(state.variant, machine);
  const attempts = [
    wheel,
    ...WHEEL_PYTHONS.map((python) => [...wheel, '--only-binary=:all:', '--python-version', python]),
  ];
  try {
    await firstThatFits(attempts.map((attempt) => () => install(...attempt)));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  renameSync(partial, paths.wheel);
  return requireLibrary(paths.wheel);
}

/** What pip is asked for. The CPU libraries need nothing of what TensorFlow's Python code needs. */
export function wheelArguments(variant: Variant, { platform, arch }: Pick<Machine, 'platform' | 'arch'>): string[] {
  if (variant === 'cuda') return [`tensorflow[and-cuda]==${TENSORFLOW_VERSION}`];
  const name = platform === 'linux' && arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';
  return ['--no-deps', `${name}==${TENSORFLOW_VERSION}`];
}

/** Goes on to the next Python only when the index has no wheel for this one. */
async function firstThatFits([attempt, ...others]: (() => Promise<unknown>)[]): Promise<void> {
  try {
    await attempt?.();
  } catch (error) {
    if (others.length === 0 || !/No matching distribution|requires a different Python/i.test(String(error)))
      throw error;
    await firstThatFits(others);
  }
}
