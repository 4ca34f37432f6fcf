import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAtomically } from '../../src/checkpoint/index.js';
import { CheckpointError } from '../../src/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

test('writes the pieces one after the other, in folders it makes', async () => {
  const path = join(folder, 'a', 'b', 'last.ckpt');
  await writeAtomically(path, [bytes('one '), bytes(''), bytes('two')]);
  expect(await readFile(path, 'utf8')).toBe('one two');
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['last.ckpt']);
});

test('replaces a file, a longer one too', async () => {
  const path = join(folder, 'last.ckpt');
  await writeAtomically(path, [bytes('a long old file')]);
  await writeAtomically(path, [bytes('new')]);
  expect(await readFile(path, 'utf8')).toBe('new');
});

test('leaves the old file and nothing else when the pieces fail halfway', async () => {
  const path = join(folder, 'last.ckpt');
  await writeFile(path, 'old');
  const failing = function* () {
    yield bytes('half of the new');
    throw new RangeError('out of weights');
  };
  await expect(writeAtomically(path, failing())).rejects.toThrow(RangeError);
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['last.ckpt']);
});

test('says what is in the way, and leaves nothing behind', async () => {
  const path = join(folder, 'last.ckpt');
  await mkdir(path);
  await expect(writeAtomically(path, [bytes('new')])).rejects.toThrow(CheckpointError);
  await expect(writeAtomically(path, [bytes('new')])).rejects.toThrow(path);
  await writeFile(join(folder, 'file'), '');
  await expect(writeAtomically(join(folder, 'file', 'last.ckpt'), [bytes('new')])).rejects.toThrow(CheckpointError);
  expect((await readdir(folder)).sort()).toEqual(['file', 'last.ckpt']);
});

test('writes a file whose name is as long as names may be, and says of a longer one that it is', async () => {
  const path = join(folder, 'x'.repeat(255));
  await writeAtomically(path, [bytes('new')]);
  expect(await readFile(path, 'utf8')).toBe('new');
  await expect(writeAtomically(join(folder, 'x'.repeat(256)), [])).rejects.toThrow(/Cannot write[^]*ENAMETOOLONG/);
  expect(await readdir(folder)).toHaveLength(1);
});

test('two that write the same file at once do not mix', async () => {
  const path = join(folder, 'last.ckpt');
  const versions = ['a', 'b', 'c'].map((letter) => Array.from({ length: 50 }, () => bytes(letter.repeat(100))));
  await Promise.all(versions.map((chunks) => writeAtomically(path, chunks)));
  expect(['a', 'b', 'c'].map((letter) => letter.repeat(5000))).toContain(await readFile(path, 'utf8'));
  expect(await readdir(folder)).toEqual(['last.ckpt']);
});

test('a process killed at any moment leaves the old file or the new one, whole', { timeout: 60_000 }, async () => {
  const writer = fileURLToPath(new URL('fixtures/write_forever.ts', import.meta.url));
  for (let kill = 0; kill < 8; kill++) {
    const path = join(folder, `${kill}.ckpt`);
    const child = spawn(process.execPath, ['--import', 'tsx', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await sleep(3 + kill * 7);
    child.kill('SIGKILL');
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    const content = await readFile(path);
    const version = content[0]!;
    expect(content.equals(Buffer.alloc((100 + version) * 1000, version)), `after kill ${kill}`).toBe(true);
  }
});
