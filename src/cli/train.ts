import { ModelSummary } from '../callbacks/model-summary.js';
import { ProgressBar } from '../callbacks/progress-bar.js';
import { ConfigurationError, StrobeError } from '../errors.js';
import type { Run } from '../run/run.js';
import { interruptAll } from '../trainer/interrupt.js';
import type { FitResult } from '../trainer/trainer.js';
import { announcement, reasonOf } from '../trainer/signals.js';
import { onClosedOutput } from './closed-output.js';
import { toJson } from './json-events.js';
import { loadExperiment } from './load.js';
import { stoppable } from './signals.js';

export interface TrainFlags {
  maxEpochs?: string;
  ckpt?: string;
  set?: string[];
  backend?: string;
  json?: boolean;
}

/**
 * `strobe train FILE`: trains without a user interface. Ctrl-C, SIGTERM and SIGHUP end the run with its end hooks and a
 * checkpoint that goes on from there.
 */
export async function train(file: string, flags: TrainFlags): Promise<void> {
  const options = flags.ckpt === undefined ? {} : { ckptPath: flags.ckpt };
  if (flags.json) {
    await streamed(async (signal) => {
      const { trainer, model, data } = await load(file, flags);
      // One stream cannot hold both bars and JSON.
      for (const type of [ProgressBar, ModelSummary]) trainer.callbacks.remove(type);
      return trainer.run(model, data, { ...options, signal, saveOnInterrupt: true });
    });
    return;
  }
  const { trainer, model, data } = await load(file, flags);
  onClosedOutput(() => interruptAll('nobody reads what is printed'));
  const stop = (signal: NodeJS.Signals): void => {
    trainer.warn(announcement(signal));
    interruptAll(reasonOf(signal));
  };
  say(await stoppable(stop, () => trainer.fit(model, data, options)));
  const path = trainer.checkpointCallback?.bestModelPath;
  if (path) console.log(`Best checkpoint: ${path}`);
}

async function load(file: string, flags: TrainFlags): ReturnType<typeof loadExperiment> {
  const experiment = await loadExperiment(file, settingsOf(flags.set ?? []));
  const { trainer } = experiment;
  if (flags.maxEpochs !== undefined) trainer.limits.maxEpochs = wholeNumber('--max-epochs', flags.maxEpochs);
  if (flags.backend !== undefined) trainer.useEngine(flags.backend);
  return experiment;
}

/** One JSON object for each event, and one for the end: how the run ended, or what it failed with. */
async function streamed(begin: (signal: AbortSignal) => Promise<Run>): Promise<void> {
  const abort = new AbortController();
  const write = (line: object | string): void =>
    void process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  const stop = (reason: string): void => abort.abort(new Error(reason));
  onClosedOutput(() => stop('nobody reads the events'));
  await stoppable(
    (signal) => stop(reasonOf(signal)),
    async () => {
      try {
        const run = await begin(abort.signal);
        run.on((event) => write(toJson(event, run)));
        write({ event: 'end', ...(await run.finish()) });
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        write({ event: 'error', name, message });
        throw error;
      }
    },
  );
}

function say({ outcome, reason, metrics, epochs, steps }: FitResult): void {
  const values = Object.entries(metrics).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
  console.log(`${outcome} (${reason}) after ${epochs} epochs, ${steps} steps: ${values.join(', ')}`);
}

/** `lr=0.01 name=wide deep=true` as a record; numbers and booleans are read as such. */
export function settingsOf(pairs: string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) {
        throw new ConfigurationError(
          StrobeError.compose('--set takes settings.', {
            expected: 'key=value',
            received: pair,
            hint: 'e.g. --set lr=0.01',
          }),
        );
      }
      return [pair.slice(0, at), valueOf(pair.slice(at + 1))];
    }),
  );
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function wholeNumber(flag: string, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isInteger(value) && value >= -1) return value;
  throw new ConfigurationError(
    StrobeError.compose(`${flag} is not a number of epochs.`, {
      expected: 'a whole number, or -1 for no limit',
      received: JSON.stringify(text),
      hint: `e.g. ${flag} 5`,
    }),
  );
}
