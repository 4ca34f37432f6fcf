import { constants, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Watched } from './stuck-keys.js';

/** Milliseconds without a beat after which the main thread counts as stuck. */
const PATIENCE = 700;
const CTRL_C = '\u0003';

const { beat, running, interruptFlag } = workerData as Watched;
const keyboard = openSync('/dev/tty', constants.O_RDONLY | constants.O_NONBLOCK);
const bytes = Buffer.alloc(4096);
let [seen, since] = [-1, 0];

setInterval(() => {
  const now = Atomics.load(beat, 0);
  if (now !== seen) [seen, since] = [now, performance.now()];
  if (performance.now() - since < PATIENCE) return;
  const typed = read();
  if (typed === '') return;
  const stops = typed.includes(CTRL_C) && Atomics.load(running, 0) > 0;
  // What does not listen to the first is made to by the second.
  if (stops) Atomics.store(interruptFlag, 0, Atomics.load(interruptFlag, 0) === 1 ? 2 : 1);
  parentPort?.postMessage(stops ? typed.replaceAll(CTRL_C, '') : typed);
}, 100);

function read(): string {
  try {
    return bytes.toString('utf8', 0, readSync(keyboard, bytes));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}
