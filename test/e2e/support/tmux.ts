import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether there is a tmux; where not, says loudly how to get one. */
export function haveTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    console.error('SKIPPED: tests of the terminal application need tmux: apt-get install tmux');
    return false;
  }
}

/** A real terminal with a program in it: keys are pressed, the screen is read. */
export class Tmux {
  readonly #socket = `strobe-test-${randomUUID().slice(0, 8)}`;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a command in a terminal of this size. Everything that it writes is also kept in `output`. */
  static async start(
    command: string,
    {
      columns = 100,
      rows = 30,
      folder,
      env = {},
    }: { columns?: number; rows?: number; folder: string; env?: Record<string, string> },
  ): Promise<Tmux> {
    const tmux = new Tmux(folder);
    const variables = Object.entries({ TERM: 'tmux-256color', COLORTERM: 'truecolor', ...env }).map(
      ([name, value]) => `${name}=${value}`,
    );
    // Where nobody looks, Ink draws only the last frame.
    const line = `env -u CI -u CONTINUOUS_INTEGRATION ${variables.join(' ')} ${command}; echo "ended with $?"; exec sleep 600`;
    await tmux.#do(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      '-c',
      folder,
      line,
    );
    await tmux.#do('pipe-pane', '-o', `cat > ${join(folder, 'output')}`);
    return tmux;
  }

  /** Presses keys as tmux names them: `Enter`, `C-c`, `Space`, `Up`, or text. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.#do('send-keys', key);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#do('send-keys', '-l', text);
  }

  /** `:` and a command. */
  async command(line: string): Promise<void> {
    await this.type(`:${line}`);
    await this.press('Enter');
  }

  async screen({ colours = false } = {}): Promise<string> {
    const { stdout } = await run('tmux', ['-L', this.#socket, 'capture-pane', '-p', ...(colours ? ['-e'] : [])]);
    return stdout;
  }

  /** The screen as soon as it has this on it; throws with the screen as it is if that does not come. */
  async see(what: string | RegExp, patience = 60_000): Promise<string> {
    const until = Date.now() + patience;
    for (;;) {
      const screen = await this.screen();
      if (typeof what === 'string' ? screen.includes(what) : what.test(screen)) return screen;
      if (Date.now() > until) throw new Error(`There is no ${String(what)} on the screen:\n${screen}`);
      await sleep(50);
    }
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#do('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Everything that was written to the terminal so far. */
  async output(): Promise<string> {
    return readFile(join(this.#folder, 'output'), 'utf8');
  }

  /** The process that runs in it: a child of the shell. */
  async pid(): Promise<number> {
    const { stdout } = await run('tmux', ['-L', this.#socket, 'list-panes', '-F', '#{pane_pid}']);
    const { stdout: children } = await run('pgrep', ['-P', stdout.trim()]);
    return Number(children.trim().split('\n')[0]);
  }

  async end(): Promise<void> {
    await this.#do('kill-server').catch(() => undefined);
  }

  async #do(...args: string[]): Promise<void> {
    await run('tmux', ['-L', this.#socket, ...args]);
  }
}
