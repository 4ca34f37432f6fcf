import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
const bin = join(root, 'dist/src/cli/main.js');
const experiment = join(root, 'test/e2e/support/terminal-run.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-plain-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is printed for commands on standard input, and the exit code. */
async function plain(...commands: string[]): Promise<{ printed: string; code: number }> {
  const env = { ...process.env, XDG_STATE_HOME: folder };
  const running = run(process.execPath, [bin, 'repl', experiment], { cwd: folder, env });
  running.child.stdin?.end(commands.join('\n'));
  return running.then(
    ({ stdout }) => ({ printed: stdout, code: 0 }),
    ({ stdout, code }: { stdout: string; code: number }) => ({ printed: stdout, code }),
  );
}

describe('strobe repl without a screen', () => {
  it('reads commands from standard input, adds callbacks and evaluates TypeScript', async () => {
    const { printed, code } = await plain(
      'add new GradientMonitor()',
      'n 3',
      'p run.position.globalStep + EarlyStopping.patience',
      'disable GradientMonitor',
      'q',
    );
    expect(printed).toMatch(/added GradientMonitor\n.*step 3 .*\n6\nGradientMonitor is disabled\n/);
    expect(printed).toContain('run was left at step 3, not saved');
    expect(code).toBe(0);
  });

  it('tells of what fails by its exit code, and goes on with the next command', async () => {
    const { printed, code } = await plain('add 3', 'set limits.maxEpochs 1.5', `save-script ${experiment}/x.ts`, 'n');
    expect(printed).toContain('add takes a callback');
    expect(printed).toContain('a whole number from -1 up');
    expect(printed).toMatch(/script cannot be written[^]+received: E[^]+save-script PATH/);
    expect(printed).toMatch(/onTrainBatchEnd .* step 1 /);
    expect(code).toBe(1);
  });

  it('leaves quietly when nobody reads its answers any more', async () => {
    const repl = `${process.execPath} ${bin} repl ${experiment}`;
    const command = `set -o pipefail; printf 'n\\n%.0s' {1..50} | ${repl} | head -1`;
    const { stderr } = await run('bash', ['-c', command], { env: { ...process.env, XDG_STATE_HOME: folder } });
    expect(stderr).not.toContain('EPIPE');
  });

  it('on SIGTERM saves what --recover opens, also while a run goes on', async () => {
    const env = { ...process.env, XDG_STATE_HOME: folder };
    const child = spawn(process.execPath, [bin, 'repl', experiment], { cwd: folder, env });
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes(' step 2 ')) child.kill('SIGTERM');
    });
    child.stdin.write('n 2\nc\n');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(143);
    const saved = /Saved (.+\.ckpt): go on with strobe repl --recover/.exec(printed)?.[1] ?? '';
    expect(existsSync(saved)).toBe(true);
    const recovered = run(process.execPath, [bin, 'repl', '--recover'], { cwd: folder, env });
    recovered.child.stdin?.end('p run.position.globalStep >= 2');
    expect((await recovered).stdout).toContain('true\n');
  });

  it('says what a FILE has to export', async () => {
    const file = join(folder, 'nothing.mjs');
    await writeFile(file, 'export const x = 1;');
    const failure = await run(process.execPath, [bin, 'repl', file], { cwd: folder }).catch(
      (error: { stderr: string }) => error,
    );
    expect(failure.stderr).toMatch(/exports no experiment[^]*\{ trainer, model, data \}[^]*export default/);
    expect(failure.stderr).not.toMatch(/\n\s+at /);
  });
});
