import chalk from 'chalk';
import { collectWhenIdle } from '../src/evaluator/garbage.js';
import { display, setDisplayHost } from '../src/display/index.js';
import type { ToIo } from './bridge.js';
import type { Boot } from './cells/boot.js';
import { Cells } from './cells/cells.js';
import { Output } from './cells/output.js';
import { Places } from './cells/places.js';
import { Questions } from './cells/questions.js';
import { refuseToExit } from './cells/exit.js';
import { quietWarnings, watchForErrors } from './cells/strays.js';
import { Comms } from './comms.js';
import type { Backlog } from './io/backlog.js';
import { Kernel } from './kernel.js';

/** Puts the main thread's parts together. What cells are given is loaded meanwhile. */
export function createKernel(boot: Boot, post: (message: ToIo) => void, backlog: Backlog): Kernel {
  // Front ends show the sixteen colours of a terminal, in their theme.
  chalk.level = 1;
  const output = new Output(post, backlog);
  const comms = new Comms(output);
  setDisplayHost(new Places(output, comms));
  const questions = new Questions(
    (id, prompt, password) => post({ type: 'ask', id, prompt, password }),
    (origin) => cells.isRunning(origin),
  );
  const clearOutput = (wait = false): void => output.publish('clear_output', { wait });
  const packages = Promise.all([import('@tensorflow/tfjs'), import('../src/index.js')]);
  const evaluator = packages.then(([tf, strobe]) =>
    boot.ready({ display, input: questions.input, clearOutput, tf, strobe }),
  );
  const cells: Cells = new Cells(evaluator, output);
  output.capture();
  process.exit = refuseToExit;
  quietWarnings(output);
  watchForErrors(output, evaluator);
  evaluator.then(
    ({ interruptFlag }) => post({ type: 'interruptFlag', flag: interruptFlag }),
    () => undefined, // Every cell tells of it.
  );
  return new Kernel({ evaluator, output, cells, comms, questions, post, worked: collectWhenIdle() });
}
