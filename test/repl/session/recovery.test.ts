import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readRecovery, saveRecovery } from '../../../repl/session/recovery.js';
import { bench } from '../support.js';

const { pid } = process;
const home = process.cwd();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-recovery-'));
  process.chdir(folder);
});
afterEach(async () => {
  Object.defineProperty(process, 'pid', { value: pid });
  process.chdir(home);
  await rm(folder, { recursive: true });
});

it('keeps what each application has saved in a folder, and opens what was saved last', async () => {
  for (const [file, process_] of [
    ['first.ts', 1001],
    ['second.ts', 1002],
  ] as const) {
    const { workbench } = bench();
    await workbench.goTo({ hook: 'onTrainBatchEnd' });
    Object.defineProperty(process, 'pid', { value: process_ });
    await saveRecovery(workbench, { file, set: [] });
  }
  expect(await readdir('.strobe')).toEqual(['recovery-1001-1.ckpt', 'recovery-1002-1.ckpt', 'recovery.json']);
  expect(await readRecovery()).toMatchObject({
    file: 'second.ts',
    checkpoints: [expect.stringContaining('recovery-1002-1.ckpt')],
  });
});

it('saves nothing where nothing would be lost', async () => {
  expect(await saveRecovery(bench().workbench, { file: 'line.ts', set: [] })).toEqual([]);
  await expect(readRecovery()).rejects.toThrow('There is nothing to recover here');
});
