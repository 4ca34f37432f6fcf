import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { IoOptions, ToIo, ToMain } from './bridge.js';
import { Backlog } from './io/backlog.js';
import { jupyterDataFolder } from './install/folders.js';
import type { Kernel } from './kernel.js';
import { readConnection } from './protocol/connection.js';

export interface StartOptions {
  connectionFile: string;
  /** Where inputs are kept. Default: in Jupyter's data folder. */
  historyFile?: string;
}

/** Starts the kernel that the connection file describes. It ends when a client asks for it. */
export async function startKernel({
  connectionFile,
  historyFile = join(jupyterDataFolder(), 'strobe/history.jsonl'),
}: StartOptions): Promise<void> {
  const connection = await readConnection(connectionFile);
  const backlog = new Backlog();
  const workerData: IoOptions = { connection, historyFile, backlog: backlog.memory };
  // The sockets answer while the rest is still being loaded.
  const io = new Worker(new URL('./io/worker.js', import.meta.url), { workerData });
  io.once('error', (error) => die('its sockets have failed', error));
  const { exit } = process; // Cells get another one.
  io.once('exit', () => exit());
  const kernel = load((message) => io.postMessage(message), backlog);
  io.on('message', (message: ToMain) => void kernel.then((main) => main.receive(message)));
  // Without its main thread, it would look alive and answer nothing.
  await kernel.catch((error: unknown) => die('it cannot be loaded', error));
}

/** The compiler has the most to read, in a thread of its own: it is started first. */
async function load(post: (message: ToIo) => void, backlog: Backlog): Promise<Kernel> {
  const { boot } = await import('./cells/boot.js');
  const booting = boot();
  const { createKernel } = await import('./main.js');
  return createKernel(booting, post, backlog);
}

function die(why: string, error: unknown): never {
  writeSync(2, `The kernel ends: ${why}. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  // An orderly exit waits for the sockets, which wait for a thread that has gone.
  process.kill(process.pid, 'SIGKILL');
  throw error;
}
