import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../folder.js';
import { StrobeError } from '../../errors.js';

export interface CommandOptions {
  /** What is being done, for its error. Default: the command itself. */
  what?: string;
  /** Takes everything the command says, both streams. */
  log: string;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** What to try when it fails. */
  hint: string;
}

/** What a command that is told to end may take before it is killed: pip tidies up. */
const PATIENCE_MS = 5000;

/**
 * Runs a command to its end, its output going to the log.
 *
 * @returns what it wrote to its standard output.
 * @throws StrobeError with its last lines when it fails or is not there; the signal's reason when that ended it, after
 * every process the command has started is gone.
 */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { log, cwd, env, signal, hint, what = [command, ...args.slice(0, 3)].join(' ') } = options;
  signal?.throwIfAborted();
  makeFolder(dirname(log));
  const file = createWriteStream(log, { flags: 'a' });
  file.write(`\n$ ${[command, ...args].join(' ')}\n`);
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: make and its compilers end with it, and Ctrl-C reaches it once, through us.
    detached: true,
  });
  const end = (): void => endGroup(child);
  signal?.addEventListener('abort', end);
  let stdout = '';
  let all = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    all += text;
    file.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text;
    file.write(text);
  });
  let failure: string | null;
  try {
    const [code, killed] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    failure = code === 0 ? null : killed ? `it was ended by ${killed}` : `exit code ${code}`;
  } catch (error) {
    failure = (error as Error).message;
  } finally {
    signal?.removeEventListener('abort', end);
  }
  file.end();
  await once(file, 'close');
  signal?.throwIfAborted();
  if (failure === null) return stdout;
  throw new StrobeError(
    StrobeError.compose(`${what} failed`, {
      expected: 'a command that ends well',
      received: [failure, ...lastLines(all)].join('\n            '),
      hint: `${hint}; everything it said is in ${log}`,
    }),
  );
}

function endGroup(child: ChildProcess): void {
  const send = (name: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, name);
  };
  send('SIGINT');
  const last = setTimeout(() => send('SIGKILL'), PATIENCE_MS);
  child.once('close', () => clearTimeout(last));
}

/** The line that names the error, and the last ones; warnings and stacks are not it. */
function lastLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^(npm )?warn|^\s+at /i.test(line));
  const named = lines.findLast((line) => /error/i.test(line));
  return [...new Set([...(named === undefined ? [] : [named]), ...lines.slice(-3)])].map((line) => line.slice(0, 200));
}
