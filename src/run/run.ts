import { ContractError, StrobeError } from '../errors.js';
import type { Module } from '../module/module.js';
import type { CallbackList } from '../trainer/callback.js';
import { eventData, type HookName } from '../trainer/hooks.js';
import type { Outcome, Runner } from '../trainer/runner.js';
import type { FitResult, Trainer } from '../trainer/trainer.js';
import type { EventOf, Position, RunEvent } from './events.js';

export interface RunOptions {
  /** Go on from this checkpoint, exactly where it was saved. */
  ckptPath?: string;
  /** Aborting it interrupts the run: it ends with its end hooks. */
  signal?: AbortSignal;
}

export type RunStatus = 'paused' | 'running' | Outcome;

/** A training run as a value: it goes on as far as it is told to, and in between everything in it can be looked at. */
export class Run implements AsyncIterable<RunEvent> {
  readonly #runner: Runner;
  readonly #signal: AbortSignal | undefined;

  /** @internal Use `trainer.run(model, data)`. */
  constructor(runner: Runner, { signal }: RunOptions) {
    this.#runner = runner;
    this.#signal = signal;
  }

  get #session() {
    return this.#runner.execution.session;
  }

  get trainer(): Trainer {
    return this.#session.trainer;
  }

  get module(): Module {
    return this.#session.module;
  }

  /** The callbacks; what is added or removed takes effect at the next hook. */
  get callbacks(): CallbackList {
    return this.trainer.callbacks;
  }

  get status(): RunStatus {
    return this.#runner.outcome ?? (this.#runner.executing ? 'running' : 'paused');
  }

  get position(): Position {
    const { execution } = this.#runner;
    const { progress, stage, batchIdx } = this.#session;
    const { path } = execution.place;
    return {
      stage,
      hook: execution.hook ?? (execution.done ? 'done' : 'setup'),
      path,
      epoch: progress.epoch,
      batchIdx,
      globalStep: progress.globalStep,
      dataloaderIdx: progress.evaluation.dataloaderIdx,
    };
  }

  /** Goes on to the next hook and stands before it; undefined when the run has ended. */
  async next(): Promise<RunEvent | undefined> {
    return this.#advance(() => true);
  }

  /**
   * Goes on to the next call of a hook.
   * @param when passes over calls for which it is false
   */
  async until<H extends HookName>(hook: H, when?: (event: EventOf<H>) => boolean): Promise<EventOf<H> | undefined> {
    for (;;) {
      const event = (await this.#advance((candidate) => candidate === hook)) as EventOf<H> | undefined;
      if (!event || !when || when(event)) return event;
    }
  }

  /** Trains n batches and stands at the end of the last one, its outputs in hand. */
  async step(n = 1): Promise<EventOf<'onTrainBatchEnd'> | undefined> {
    return this.#times(n, 'onTrainBatchEnd');
  }

  /** Trains n epochs, validations included, and stands at the end of the last one. */
  async epoch(n = 1): Promise<EventOf<'onTrainEpochEnd'> | undefined> {
    return this.#times(n, 'onTrainEpochEnd');
  }

  /** Goes on to the end. */
  async finish(): Promise<FitResult> {
    await this.#advance(() => false);
    return this.trainer.result({ outcome: this.#runner.outcome ?? 'completed', reason: this.#runner.reason });
  }

  /** Ends the run here: its end hooks and teardown run. */
  async stop(reason = 'run.stop() was called'): Promise<FitResult> {
    this.#refuseIfBusy();
    if (this.#runner.outcome === undefined) await this.#runner.abandon(reason);
    return this.trainer.result({ outcome: 'stopped', reason: this.#runner.reason });
  }

  /** Writes a checkpoint that goes on exactly here, in any process: `trainer.run(model, data, { ckptPath: path })`. */
  async save(path: string): Promise<void> {
    this.#refuseIfBusy();
    await this.#runner.prepare();
    await this.trainer.saveCheckpoint(path);
  }

  /** One event for each hook. Leaving the loop pauses the run; another loop goes on from there. */
  async *[Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    for (let event = await this.next(); event; event = await this.next()) yield event;
  }

  async #times<H extends HookName>(n: number, hook: H): Promise<EventOf<H> | undefined> {
    if (!Number.isInteger(n) || n < 1) {
      throw new ContractError(
        StrobeError.compose('A run can be advanced by whole steps only.', {
          expected: 'an integer from 1 up',
          received: String(n),
          hint: n < 0 ? 'use rewind to go back' : 'use next() to go on by a single hook',
        }),
      );
    }
    let event: EventOf<H> | undefined;
    for (let i = 0; i < n; i++) {
      event = await this.until(hook);
      if (!event) return undefined;
    }
    return event;
  }

  async #advance(stop: (hook: HookName) => boolean): Promise<RunEvent | undefined> {
    this.#refuseIfBusy();
    if (this.#runner.outcome !== undefined) return this.#refuseIfFailed();
    const hook = await this.#runner.advance(stop, this.#signal);
    return hook && this.#event(hook);
  }

  #event(hook: HookName): RunEvent {
    const { hookData } = this.#session;
    const data = eventData(hook).map((name) => [name, hookData[name]] as const);
    return { hook, position: this.position, ...Object.fromEntries(data) } as unknown as RunEvent;
  }

  #refuseIfBusy(): void {
    if (!this.#runner.executing) return;
    throw new ContractError(
      StrobeError.compose('The run is under way.', {
        expected: 'one step, until, epoch or finish at a time',
        received: 'a second one before the first has come to its end',
        hint: 'await the first',
      }),
    );
  }

  #refuseIfFailed(): undefined {
    if (this.#runner.outcome !== 'failed') return undefined;
    throw new ContractError(
      StrobeError.compose('This run has failed and cannot go on.', {
        expected: 'a run that is paused',
        received: `a run that ended with: ${this.#runner.reason}`,
        hint: 'begin a new run, from a checkpoint if there is one: trainer.run(model, data, { ckptPath })',
      }),
    );
  }
}
