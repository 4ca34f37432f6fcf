/**
 * Plays the demo in a real terminal and takes the pictures of it that are in docs/images. Needs tmux.
 *
 *     npm run build && node --import tsx scripts/record-terminal.ts
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { haveTmux, Tmux } from '../test/e2e/support/tmux.js';
import { terminalPicture } from './terminal-picture.js';

const strobe = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const size = { columns: 120, rows: 36 };

if (!haveTmux()) process.exit(1);
await mkdir(images, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), 'strobe-recording-'));
const command = `${process.execPath} ${strobe} repl --set images=12800`;
const terminal = await Tmux.start(command, { ...size, folder, env: { XDG_STATE_HOME: folder } });

async function picture(name: string): Promise<void> {
  await sleep(1500);
  await writeFile(join(images, `${name}.png`), terminalPicture(await terminal.screen({ colours: true }), size));
}

/** A command, and what is seen once it is done. */
async function does(line: string, seen: string | RegExp): Promise<void> {
  await terminal.command(line);
  await terminal.see(seen);
  await sleep(300);
}

try {
  await terminal.see('paused before setup');
  await does('until onTrainBatchEnd if step === 450', /step 450 /);
  await does('set EarlyStopping.patience 9', 'patience 3 → 9');
  await terminal.press('Space');
  await terminal.see(/epoch 1\/4 .* 2\d\d\/400 .* it\/s/);
  await picture('terminal');

  await terminal.press('Space');
  await terminal.see('❚❚ paused');
  await does('rs 20', 'back at step');
  await does('fork colder', 'colder begins');
  await does('switch 2', '2: colder');
  await does('set optimizer.weightDecay 0.01', 'weightDecay 0 → 0.01');
  await does('watch loss < 0.02', 'breakpoint 2');
  await does('c', 'stopped by 2');
  await terminal.press('9');
  await picture('terminal-fork');

  await terminal.press('4', '8');
  await terminal.type('module.parameters().map((p) => [p.name, tf.norm(p.value).dataSync()[0]])');
  await terminal.press('Enter');
  await terminal.see('TS2339'); // a Parameter has a `variable`
  await terminal.type('trainer.cur');
  await terminal.press('Tab');
  await terminal.see('currentEpoch');
  await picture('terminal-prompt');
} finally {
  await terminal.end();
  // The pipe of what was written is closed a little later.
  await rm(folder, { recursive: true, maxRetries: 5 });
}
