import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectMachine } from '../../../src/backend/native/machine.js';
import { freshState } from '../../../src/backend/native/state.js';
import { obtainWheel, wheelArguments } from '../../../src/backend/native/wheel.js';
import { temporaryFolder, temporaryPaths } from './support.js';

/** A python3 whose pip writes down what it is asked for, and has a wheel for one Python only. */
async function withPip(script: string) {
  const paths = temporaryPaths();
  mkdirSync(paths.root, { recursive: true });
  const python = join(temporaryFolder(), 'python3');
  const asked = `${python}.asked`;
  writeFileSync(python, `#!/bin/sh\necho "$@" >> ${asked}\n${script}\n`);
  chmodSync(python, 0o755);
  const machine = { ...(await inspectMachine('/')), python: { command: python, version: 'Python 3.14.0' } };
  const context = { paths, state: freshState('cpu', null), machine };
  return { paths, obtain: () => obtainWheel(context), asked: () => readFileSync(asked, 'utf8').trim().split('\n') };
}

const UNPACKS = `
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/tensorflow/include/tensorflow/c" "$2/tensorflow/python/platform"
touch "$2/tensorflow/include/tensorflow/c/c_api.h" "$2/tensorflow/libtensorflow_cc.so.2" "$2/tensorflow/libtensorflow_framework.so.2"
echo "('is_cuda_build', False)" > "$2/tensorflow/python/platform/build_info.py"
`;

describe('a wheel', () => {
  it('is installed once, and by any pip, also where there is none for its Python', async () => {
    const none = 'echo "ERROR: No matching distribution found for tensorflow-cpu" >&2; exit 1';
    const { paths, obtain, asked } = await withPip(
      `case "$*" in *"--python-version 3.11"*) ;; *) ${none} ;; esac\n${UNPACKS}`,
    );
    const library = await obtain();
    expect(library.main).toBe(join(paths.wheel, 'tensorflow/libtensorflow_cc.so.2'));
    const versions = ['', '3.12', '3.11'];
    expect(asked().map((line) => /--python-version (\S+)/.exec(line)?.[1] ?? '')).toEqual(versions);
    expect(await obtain()).toEqual(library);
    expect(asked().length).toBe(versions.length);
  });

  it('that pip has no room for leaves nothing behind, and is asked for once', async () => {
    const full = 'echo "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device" >&2';
    const { paths, obtain, asked } = await withPip(`touch "$TMPDIR/left"; ${full}; exit 1`);
    await expect(obtain()).rejects.toThrow(/No space left on device[^]*to do:/);
    expect(asked().length).toBe(1);
    expect(existsSync(join(paths.root, 'tmp'))).toBe(false);
    expect(existsSync(paths.wheel)).toBe(false);
  });

  it('is the smallest that has the libraries', () => {
    expect(wheelArguments('cpu', { platform: 'linux', arch: 'x64' })).toEqual(['--no-deps', 'tensorflow-cpu==2.21.0']);
    expect(wheelArguments('cpu', { platform: 'darwin', arch: 'arm64' })).toEqual(['--no-deps', 'tensorflow==2.21.0']);
    expect(wheelArguments('cuda', { platform: 'linux', arch: 'x64' })).toEqual(['tensorflow[and-cuda]==2.21.0']);
  });
});
