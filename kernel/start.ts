import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { setDisplayHost } from '../src/display/index.js';
import type { Evaluator, EvaluatorOptions } from '../src/evaluator/evaluator.js';
import type { IoOptions, ToIo, ToMain } from './bridge.js';
import { Cells } from './cells/cells.js';
import { Output } from './cells/output.js';
import { Places } from './cells/places.js';
import { Questions } from './cells/questions.js';
import { Comms } from './comms.js';
import { Backlog } from './io/backlog.js';
import { jupyterDataFolder } from './install/folders.js';
import { Kernel, textOf } from './kernel.js';
import { readConnection } from './protocol/connection.js';

export interface StartOptions {
  connectionFile: string;
  /** Where inputs are kept; undefined: nowhere. Default: in Jupyter's data folder. */
  historyFile?: string | undefined;
  createEvaluator: (options: EvaluatorOptions) => Promise<Evaluator>;
}

/** Starts the kernel that the connection file describes. It ends when a client asks for it. */
export async function startKernel({ connectionFile, createEvaluator, ...options }: StartOptions): Promise<void> {
  const connection = await readConnection(connectionFile);
  const historyFile = 'historyFile' in options ? options.historyFile : join(jupyterDataFolder(), 'strobe/history.jsonl');
  const backlog = new Backlog();
  const workerData: IoOptions = { connection, historyFile, backlog: backlog.memory };
  const io = new Worker(new URL('./io/worker.js', import.meta.url), { workerData });
  io.once('error', (error) => {
    process.stderr.write(`The kernel ends, since it cannot talk to its client: ${textOf(error)}\n`);
    process.exit(1);
  });
  const post = (message: ToIo): void => io.postMessage(message);

  const output = new Output(post, backlog);
  const comms = new Comms(output);
  const evaluator = boot();
  const cells = new Cells(evaluator, output);
  const questions = new Questions(
    (id, prompt, password) => post({ type: 'ask', id, prompt, password }),
    (origin) => cells.isRunning(origin),
  );
  const kernel = new Kernel({ evaluator, output, cells, comms, questions, post });
  io.on('message', (message: ToMain) => kernel.receive(message));

  async function boot(): Promise<Evaluator> {
    throw new Error('todo');
  }
}
