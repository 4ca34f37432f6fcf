import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ConfigurationError, StrobeError } from '../../src/errors.js';
import { jupyterDataFolder } from './folders.js';

/** Where Jupyter is to find the kernel: one of these. The user's own folder is the default. */
export interface PlaceFlags {
  user?: boolean;
  sysPrefix?: boolean;
  prefix?: string;
}

/** Jupyter's data folder that the flags name. */
export async function dataFolderOf({ user, sysPrefix, prefix }: PlaceFlags): Promise<string> {
  if ([user, sysPrefix, prefix !== undefined].filter(Boolean).length > 1) {
    throw problem('The kernel can be installed in one place at a time.', {
      expected: '--user, --sys-prefix or --prefix DIR',
      received: 'more than one of them',
      hint: 'call the command once for each place',
    });
  }
  if (prefix === '') {
    throw problem('The prefix is empty.', {
      expected: '--prefix DIR',
      received: "--prefix ''",
      hint: 'name a folder; a variable that was to hold it may not be set',
    });
  }
  if (prefix !== undefined) return join(resolve(prefix), 'share/jupyter');
  if (sysPrefix) return join(await pythonPrefix(), 'share/jupyter');
  return jupyterDataFolder();
}

/** @throws ConfigurationError when there is no Jupyter to install a kernel for */
export async function requireJupyter(): Promise<void> {
  const attempts: [string, string[]][] = [
    ['jupyter', ['--version']],
    ['python3', ['-m', 'jupyter', '--version']],
  ];
  for (const [command, args] of attempts) if ((await run(command, args)) !== undefined) return;
  throw problem('There is no Jupyter here.', {
    expected: 'the command jupyter',
    received: 'no such command on the PATH',
    hint: 'pip install jupyterlab; or, where Jupyter is elsewhere: strobe kernel install --prefix DIR, with DIR/bin/jupyter in it',
  });
}

/** The active Python environment: what `sys.prefix` is there. */
async function pythonPrefix(): Promise<string> {
  const active = process.env['VIRTUAL_ENV'] ?? process.env['CONDA_PREFIX'];
  const prefix = active ?? (await run('python3', ['-c', 'import sys; print(sys.prefix)']))?.trim();
  if (prefix) return prefix;
  throw problem('There is no Python environment to install the kernel in.', {
    expected: 'an active environment, or python3 on the PATH',
    received: 'neither',
    hint: 'activate the environment that Jupyter is in, or use --prefix DIR',
  });
}

async function run(command: string, args: string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(command, args)).stdout;
  } catch {
    return undefined;
  }
}

function problem(what: string, parts: Parameters<typeof StrobeError.compose>[1]): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(what, parts));
}
