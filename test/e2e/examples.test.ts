import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-examples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const examples = join(root, 'examples/callbacks');

it('an example is trained by its path, with settings', async () => {
  const bin = join(root, 'dist/src/cli/main.js');
  const args = [bin, 'train', join(examples, 'multi-stage.ts'), '--set', 'epochs=3'];
  const { stdout } = await run(process.execPath, args, { cwd: folder });
  expect(stdout).toContain('Entering stage 1');
  expect(stdout).toContain('completed (maxEpochs=3 reached) after 3 epochs, 18 steps');
});

it('the prediction saver is a program of its own', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  await run(process.execPath, [tsx, join(examples, 'prediction-saver.ts')], { cwd: folder });
  const [predictions] = JSON.parse(await readFile(join(folder, 'predictions.json'), 'utf8')) as number[][][];
  expect(predictions).toHaveLength(96);
});
