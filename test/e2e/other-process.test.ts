import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const SCRIPT = new URL('./support/dropout-run.ts', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-process-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the script in a process of its own; the last line it prints is the digest of the weights. */
async function weightsOf(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--import', 'tsx', SCRIPT, ...args]);
  return stdout.trim().split('\n').at(-1) ?? '';
}

it('a fit saved at any batch goes on in another process and ends with the same bits', async () => {
  const whole = await weightsOf('fit');
  expect(whole).toMatch(/^[0-9a-f]{64}$/);
  expect(await weightsOf('step')).toBe(whole);
  const points = Array.from({ length: 4 }, () => 1 + Math.floor(Math.random() * 23));
  for (const point of points) {
    const path = join(folder, `${point}.ckpt`);
    await weightsOf('save', String(point), path);
    expect(await weightsOf('fit', path), `saved after ${point} batches`).toBe(whole);
  }
});
