import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { haveTmux, Tmux } from './support/tmux.js';

const root = new URL('../../', import.meta.url).pathname;
const strobe = `${process.execPath} ${join(root, 'dist/src/cli/main.js')}`;
const experiment = join(root, 'test/e2e/support/terminal-run.ts');

let folder: string;
let terminal: Tmux;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-repl-'));
});
afterEach(async () => {
  await terminal.end();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** The application on an experiment, as soon as it is there. */
async function open(args = '', size: { columns?: number; rows?: number } = {}): Promise<Tmux> {
  const env = { XDG_STATE_HOME: folder };
  terminal = await Tmux.start(`${strobe} repl ${args || experiment}`, { ...size, folder, env });
  await terminal.see('paused before setup');
  return terminal;
}

describe.skipIf(!haveTmux())('strobe repl in a terminal', () => {
  it('plays, pauses, and steps by hook, batch and epoch', async () => {
    await open();
    await terminal.press('n');
    await terminal.see(/onTrainBatchEnd {2}epoch 0 {2}batch 0 {2}step 1/);
    await terminal.press('s');
    await terminal.see(/onTrainBatchStart {2}epoch 0 {2}batch 1 {2}step 1/);
    await terminal.press('e');
    await terminal.see(/onTrainEpochEnd {2}epoch 0 .* step 50/);
    await terminal.press('Space');
    const playing = await terminal.see(/▶ running[^]* it\/s/);
    expect(playing).toMatch(/[\u2801-\u28ff]/);
    await terminal.press('Space');
    await terminal.see('❚❚ paused');
  });

  it('stops at breakpoints and watches, goes back, forks, switches and compares', async () => {
    await open();
    await terminal.command('b onTrainBatchEnd if globalStep === 7');
    await terminal.see('breakpoint 2: onTrainBatchEnd if globalStep === 7');
    await terminal.press('c');
    await terminal.see('stopped by 2: onTrainBatchEnd if globalStep === 7');
    await terminal.command('watch lr < 0.005');
    await terminal.command('rs 4');
    await terminal.see('back at step 3');
    await terminal.command('fork colder');
    await terminal.see('2: colder begins at step 3');
    await terminal.command('switch 2');
    await terminal.see('colder (2 of 2)');
    await terminal.command('lr 3e-3');
    await terminal.see('lr 0.01 → 0.003');
    await terminal.press('c');
    await terminal.see('stopped by');
    await terminal.command('compare');
    const page = await terminal.see('runs compared');
    expect(page).toMatch(/lr +0\.01 +0\.003/);
    await terminal.press('Escape');
    await sleep(300); // together they would be Alt-9
    await terminal.press('9');
    await terminal.see(/2\* +colder/);
  });

  it('edits a field of a callback in place, refuses a wrong value, and writes the change down', async () => {
    await open();
    await terminal.press('n');
    await terminal.see('step 1');
    await terminal.press('3', 'Down', 'Down', 'Down', 'Down', 'Enter');
    await sleep(300);
    await terminal.press('BSpace');
    await terminal.type('nine');
    await terminal.press('Enter');
    await terminal.see('EarlyStopping.patience');
    const refused = await terminal.see('expected:');
    expect(refused).toMatch(/whole number|a number/);
    await terminal.press('Enter');
    await sleep(300);
    await terminal.press('BSpace');
    await terminal.type('9');
    await terminal.press('Enter');
    await terminal.see('EarlyStopping.patience 3 → 9');
    await terminal.see(/patience +9/);
    await terminal.command('journal');
    await terminal.see(/patience +3 +9/);
  });

  it('evaluates TypeScript in several lines, with types, and the live run in scope', async () => {
    await open();
    await terminal.press('n');
    await terminal.see('step 1');
    await terminal.press('8');
    await terminal.type('const half = (x: number) => {');
    await terminal.press('Enter');
    await terminal.see(/^…/m);
    await terminal.type('return x / 2;');
    await terminal.press('Enter');
    await terminal.type('};');
    await terminal.press('Enter');
    await terminal.type('half(run.position.globalStep) + EarlyStopping.patience');
    await terminal.press('Enter');
    await terminal.see(/^3\.5$/m);
    await terminal.type("half('x')");
    await terminal.press('Enter');
    await terminal.see(/In \[3\]:1:6|TS2345/);
    await terminal.type("console.log('printed')");
    await terminal.press('Enter');
    await terminal.see(/^printed$/m);
    await terminal.type('process.exit(3)');
    await terminal.press('Enter');
    await terminal.see('q leaves, and asks first');
    await terminal.type('for (;;) {}');
    await terminal.press('Enter');
    await sleep(2000); // by then it is stuck
    await terminal.type('run.posi');
    await terminal.press('C-c');
    await terminal.see(/^interrupted$/m);
    await terminal.type('tion.globalS');
    await terminal.press('Tab');
    await terminal.see('run.position.globalStep');
    await terminal.press('Enter', 'Escape');
  });

  it('says which command was meant', async () => {
    await open();
    await terminal.command('wach loss > 3');
    await terminal.see('did you mean watch');
    await terminal.command('until onTrainBatchEndd');
    await terminal.see('did you mean onTrainBatchEnd?');
  });

  it('pauses at the first Ctrl-C, asks at the second', async () => {
    await open();
    await terminal.press('Space');
    await terminal.see('it/s');
    await terminal.press('C-c');
    await terminal.see('❚❚ paused');
    await terminal.press('C-c');
    await terminal.see('Leave a run that no file holds?');
    await terminal.press('n');
    await terminal.see('space play');
    await terminal.press('q');
    await terminal.see('Leave a run');
    await terminal.press('y');
    await terminal.see('ended with 0');
    expect(await terminal.screen()).toMatch(/run was left at step \d+, not saved/);
  });

  it('shows an error of a step, and leaves the run paused to be mended', async () => {
    await open();
    await terminal.command('until onTrainBatchEnd if globalStep === 4');
    await terminal.see('step 4');
    await terminal.command('set module.failsAt 5');
    await terminal.see('failsAt -1 → 5');
    await terminal.press('Space');
    await terminal.see('Error: the step broke');
    await terminal.see('❚❚ paused');
    await terminal.command('set module.failsAt -1');
    await terminal.see('failsAt 5 → -1');
    await terminal.press('n');
    await terminal.see(/step 6/);
  });

  it('gives the terminal back when it breaks itself, and saves what --recover opens', async () => {
    await open();
    await terminal.press('n');
    await terminal.see('step 1');
    await terminal.command(
      "p Object.defineProperty(run, 'history', { get() { throw new Error('broken inside') } }), 1",
    );
    const screen = await terminal.see('ended with 1');
    expect(screen).toContain('broken inside');
    expect(screen).toContain('strobe repl --recover');
    expect(await terminal.output()).toContain('\u001b[?1049l');
    await terminal.end();

    terminal = await Tmux.start(`${strobe} repl --recover`, { folder });
    await terminal.see('paused before onTrainBatchEnd');
    await terminal.press('n');
    await terminal.see(/batch 1 {2}step 2/);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('saves what --recover opens on %s', async (signal) => {
    await open();
    await terminal.press('Space');
    await terminal.see('it/s');
    process.kill(await terminal.pid(), signal);
    await terminal.see(`ended with ${signal === 'SIGTERM' ? 143 : 129}`);
    const record = JSON.parse(await readFile(join(folder, '.strobe/recovery.json'), 'utf8')) as {
      checkpoints: string[];
    };
    expect(record.checkpoints.every((path) => existsSync(path))).toBe(true);
  });

  it('fits itself to the terminal when that is resized, from narrow to wide', async () => {
    await open();
    await terminal.press('n');
    await terminal.see('step 1');
    for (const [columns, rows] of [
      [80, 24],
      [200, 50],
      [60, 16],
      [120, 40],
    ] as const) {
      await terminal.resize(columns, rows);
      await sleep(700);
      const lines = (await terminal.screen()).split('\n').slice(0, rows);
      expect(lines[0]).toContain('strobe');
      expect(lines[0]).toContain('paused');
      expect(lines[rows - 2]).toContain('play');
      expect(lines.filter((line) => line.includes('strobe terminal-run'))).toHaveLength(1);
    }
  });

  it('does not flicker: not one clear-screen sequence while it draws', async () => {
    await open();
    await sleep(500);
    const before = (await terminal.output()).length;
    await terminal.press('Space');
    await terminal.see('it/s');
    await sleep(2000);
    const drawn = (await terminal.output()).slice(before);
    expect(drawn.length).toBeGreaterThan(5000);
    // eslint-disable-next-line no-control-regex
    expect(drawn.match(/\u001b\[[0-3]?J|\u001bc/g) ?? []).toEqual([]);
  });
});
