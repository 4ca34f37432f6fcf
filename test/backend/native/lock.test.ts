import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { holdLock } from '../../../src/backend/native/lock.js';
import { temporaryPaths } from './support.js';

it('one process builds at a time; another is told which', async () => {
  const { lock } = temporaryPaths();
  await holdLock(lock, async () => {
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
    await expect(holdLock(lock, async () => undefined)).rejects.toThrow(
      new RegExp(`Another build is at work[^]*process ${process.pid}[^]*wait for it`),
    );
  });
  expect(existsSync(lock)).toBe(false);
});

it('the lock goes when the work fails, and one whose process is gone is taken over', async () => {
  const { lock } = temporaryPaths();
  const failing = holdLock(lock, async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  // No process has that number on Linux or macOS.
  writeFileSync(lock, '2147483647');
  expect(await holdLock(lock, async () => 3)).toBe(3);
  writeFileSync(lock, 'cut sho');
  expect(await holdLock(lock, async () => 4)).toBe(4);
});
