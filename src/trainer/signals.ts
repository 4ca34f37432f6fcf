import { constants } from 'node:os';
import { interruptAll } from './interrupt.js';

/** What tells a process to end: Ctrl-C, a scheduler or `kill`, a terminal that is closed. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type Signal = (typeof SIGNALS)[number];
type Say = (message: string) => void;

/** What is at work, by how it says things. */
const atWork = new Set<Say>();
let listening: readonly Signal[] = [];
/** After this signal the process is to end. */
let leaving: Signal | undefined;

/**
 * Does work that signals stop: the first one gracefully, as `interruptAll` does, the second one ends the process at once.
 * After Ctrl-C the program goes on; the others want the process to end, and it does when the last work has. A signal that
 * the program listens for itself (a notebook kernel, a terminal application) is left to it; it calls `interruptAll`.
 */
export async function stoppedBySignals<T>(work: () => Promise<T>, say: Say): Promise<T> {
  // One of its own: the same function may be at work twice.
  const entry: Say = (message) => say(message);
  if (atWork.size === 0) listen();
  atWork.add(entry);
  try {
    return await work();
  } finally {
    atWork.delete(entry);
    if (atWork.size === 0) stopListening();
    if (leaving) await leave(leaving);
  }
}

/** What is said when the first signal has come. */
export function announcement(signal: NodeJS.Signals): string {
  return signal === 'SIGINT'
    ? 'Interrupted: stopping at the next hook. Press Ctrl-C again to end at once.'
    : `${signal}: stopping at the next hook. A second one ends the process at once.`;
}

/** Why a fit has ended, if a signal has ended it. */
export function reasonOf(signal: NodeJS.Signals): string {
  return signal === 'SIGINT' ? 'interrupted by Ctrl-C (SIGINT)' : `interrupted by ${signal}`;
}

function listen(): void {
  listening = SIGNALS.filter((signal) => process.listenerCount(signal) === 0);
  for (const signal of listening) process.on(signal, heard);
}

/** The next one is Node's own again: it ends the process. */
function stopListening(): void {
  for (const signal of listening) process.off(signal, heard);
  listening = [];
}

function heard(signal: NodeJS.Signals): void {
  // The program has begun to listen meanwhile.
  if (process.listenerCount(signal) > 1) return;
  stopListening();
  if (signal !== 'SIGINT') leaving = signal as Signal;
  // A terminal that is gone cannot be written to; that must not end the process first.
  if (signal === 'SIGHUP') for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const [say] = atWork;
  say?.(announcement(signal));
  interruptAll(reasonOf(signal));
}

/** The program does not go on: it would have ended where the signal came. */
async function leave(signal: Signal): Promise<never> {
  if (atWork.size === 0) {
    try {
      process.kill(process.pid, signal);
    } finally {
      // The first process of a container outlives the signal, and Windows cannot send all of them.
      process.exit(128 + constants.signals[signal]);
    }
  }
  return new Promise<never>(() => undefined);
}
