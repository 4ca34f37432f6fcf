import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../../', import.meta.url).pathname;

/** The Python of the environment that `npm test` makes. */
export const PYTHON = `${root}.venv/bin/python`;

/** Whether a Python has these modules; says what is skipped where it has not. */
export function has(python: string, modules: string, remedy: string): boolean {
  try {
    if (!existsSync(python)) throw new Error(`there is no ${python}`);
    execFileSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`SKIPPED: tests of the kernel with ${modules}: ${remedy}`);
    return false;
  }
}

/** Jupyter's folders in a place of their own, with the kernel installed there as a user does it. */
export async function installedKernel(): Promise<{
  env: NodeJS.ProcessEnv;
  folder: string;
  remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'strobe-jupyter-'));
  execFileSync(process.execPath, [join(root, 'dist/src/cli/main.js'), 'kernel', 'install', '--prefix', folder]);
  const env = {
    ...process.env,
    JUPYTER_PATH: join(folder, 'share/jupyter'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    IPYTHONDIR: join(folder, 'ipython'),
  };
  return { env, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a program to its end; stderr is part of the error it throws. */
export async function run(
  command: string,
  args: string[],
  { env, input = '' }: { env: NodeJS.ProcessEnv; input?: string },
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(command, args, { env, cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { stdout, stderr, code };
}
