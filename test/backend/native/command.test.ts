import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../../src/backend/native/command.js';
import { temporaryFolder } from './support.js';

it('gives what a command printed, and keeps everything it said in the log', async () => {
  const log = join(temporaryFolder(), 'log');
  const program = 'console.log("out"); console.error("err")';
  expect(await runCommand(process.execPath, ['-e', program], { log, hint: '' })).toBe('out\n');
  expect(readFileSync(log, 'utf8')).toMatch(/\$ .*node -e[^]*(out\nerr|err\nout)/);
});

it('a command that fails is an error with the line that counts, the remedy and the log', async () => {
  const log = join(temporaryFolder(), 'log');
  const program = 'console.error("fatal error: Python.h is missing\\nat the end"); process.exit(3)';
  await expect(runCommand(process.execPath, ['-e', program], { log, hint: 'install it' })).rejects.toThrow(
    /exit code 3[^]*fatal error: Python\.h is missing[^]*to do: {4}install it; everything it said is in .*log/,
  );
  await expect(runCommand('/no/such/program', [], { log, hint: 'install it' })).rejects.toThrow(/ENOENT/);
});

it('a command is ended by the signal', async () => {
  const stop = new AbortController();
  const options = { log: join(temporaryFolder(), 'log'), hint: '', signal: stop.signal };
  const running = runCommand(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], options);
  setTimeout(() => stop.abort(), 100);
  await expect(running).rejects.toThrow(/aborted/);
});
