import { stepEngine } from '../backend/steps.js';
import type { Execution } from './execution.js';
import { Halt } from './halt.js';
import type { HookName } from './hooks.js';
import { beyondInterrupts } from './interrupt.js';
import { leave, takeOver } from './tenancy.js';

/** How a run ended: as far as it was to go, by a stop, by an interrupt, by an error. */
export type Outcome = 'completed' | 'stopped' | 'interrupted' | 'failed';

/** An interrupt on its way up: not an error of anybody's, but the program has to end for it. */
export class Interruption extends Error {
  override name = 'Interruption';
}

export interface AdvanceOptions {
  signal?: AbortSignal | undefined;
  /** Saves it when the signal has been given, while the program still stands where it was interrupted; gives the path. */
  beforeInterrupt?: (() => Promise<string | undefined>) | undefined;
  /** What an error does: end the program, or leave it standing before the hook, or also the step, that threw. */
  errors?: 'end' | 'pause in hooks' | 'pause';
  /** What a notebook that stops the code at work does: end the program, or leave it standing before the hook or step. */
  stops?: 'end' | 'pause';
  /** Whether nobody looks at the run, or stops it, between a step's forward pass and its update. Default: somebody may. */
  unattended?: () => boolean;
}

/**
 * Drives an execution and sees to how it ends: by itself, on request, by an interrupt, or by an error. A fit drains it;
 * a Run lets it go from hook to hook.
 */
export class Runner {
  readonly execution: Execution;
  /** How it ended; undefined while it can go on. */
  outcome: Outcome | undefined;
  reason = '';
  /** The checkpoint that an interrupt has left. */
  ckptPath: string | undefined;
  /** True while it is under way: neither paused nor ended. */
  executing = false;
  /** True once it has done anything at all. */
  begun = false;
  /** Called when it has ended, however that came about. */
  onEnd: () => void = () => undefined;
  readonly #prepare: () => Promise<void>;
  #letGoOfBits: () => void = () => undefined;

  /** @param prepare what has to be waited for before the first phase: the engine, and the checkpoint to go on from. */
  constructor(execution: Execution, prepare: () => Promise<void>) {
    this.execution = execution;
    this.#prepare = prepare;
  }

  /** Runs to the end. */
  async drain(
    options: AdvanceOptions = {},
  ): Promise<{ outcome: Outcome; reason: string; ckptPath: string | undefined }> {
    await this.advance(() => false, { ...options, unattended: () => true });
    return { outcome: this.outcome as Outcome, reason: this.reason, ckptPath: this.ckptPath };
  }

  /**
   * Goes on to the next hook that `stop` accepts; undefined at the end. An interrupt ends the program with its end hooks
   * and is not an error; an error is thrown after they have run.
   */
  async advance(
    stop: (hook: HookName) => boolean,
    { signal, errors = 'end', stops = 'end', beforeInterrupt, unattended = () => false }: AdvanceOptions = {},
  ): Promise<HookName | undefined> {
    const { session } = this.execution;
    const { trainer } = session;
    const check = (): void => {
      if (signal?.aborted) throw new Interruption(reasonOf(signal));
    };
    trainer.status = 'running';
    session.unattended = unattended;
    this.executing = true;
    try {
      await this.prepare();
      const hook = await this.execution.advance(stop, check);
      if (hook === undefined) this.#end();
      return hook;
    } catch (error) {
      if (error instanceof Halt) {
        this.execution.standIn(error.hook);
        return error.hook;
      }
      const stopped = isStop(error);
      if (stopped && stops === 'pause' && this.execution.standBeforeFailure(true)) throw error;
      const interrupted =
        stopped || error instanceof Interruption || (signal?.aborted === true && error === signal.reason);
      if (!interrupted && errors !== 'end' && this.execution.standBeforeFailure(errors === 'pause')) throw error;
      await beyondInterrupts(async () => {
        if (interrupted) await this.#attempt(async () => (this.ckptPath = await beforeInterrupt?.()));
        await this.#abort(error, interrupted ? 'interrupted' : 'failed');
      });
      if (interrupted) return undefined;
      throw error;
    } finally {
      this.executing = false;
      this.#rest();
    }
  }

  /** Makes ready for the first phase; once. */
  async prepare(): Promise<void> {
    if (this.begun) return;
    this.begun = true;
    await this.#prepare();
    // Whoever looks into the run, wherever it stands, changes nothing by it.
    this.#letGoOfBits = stepEngine()?.steadyBits() ?? this.#letGoOfBits;
  }

  /** Ends the program here, with its end hooks. */
  async abandon(reason: string): Promise<void> {
    const { trainer } = this.execution.session;
    this.outcome = 'stopped';
    this.reason = reason;
    trainer.status = 'finished';
    // Its end hooks see, and change, its own weights.
    if (this.begun) takeOver(this.execution.session);
    this.#warnOf(await this.execution.unwind());
    this.#leave();
    this.#rest();
  }

  #end(): void {
    const { session } = this.execution;
    this.outcome = session.trainer.shouldStop && session.stage === 'fit' ? 'stopped' : 'completed';
    this.reason = session.endReason;
    session.trainer.status = 'finished';
    this.#leave();
  }

  async #abort(error: unknown, outcome: 'interrupted' | 'failed'): Promise<void> {
    const { session } = this.execution;
    const { trainer, module } = session;
    this.outcome = outcome;
    this.reason = error instanceof Error ? error.message : String(error);
    trainer.status = outcome;
    takeOver(session);
    const errors: unknown[] = [];
    const attempt = async (work: () => unknown): Promise<void> => {
      try {
        await work();
      } catch (another) {
        errors.push(another);
      }
    };
    for (const callback of trainer.callbacks) await attempt(() => callback.onException?.(trainer, module, error));
    await attempt(() => session.data.dataModule?.onException?.(error));
    errors.push(...(await this.execution.unwind()));
    this.#leave();
    this.#warnOf(errors);
  }

  #leave(): void {
    this.#letGoOfBits();
    leave(this.execution.session);
    this.onEnd();
  }

  #rest(): void {
    for (const tell of this.execution.session.trainer.atRest) tell();
  }

  async #attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#warnOf([error]);
    }
  }

  /** Errors on the way out do not hide the one that began it; they are told, not thrown. */
  #warnOf(errors: unknown[]): void {
    for (const error of errors) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.execution.session.trainer.warn(`While ending the run, another error came up: ${text}`);
    }
  }
}

/** What a notebook's evaluator throws in the code of a cell that is interrupted. */
function isStop(error: unknown): boolean {
  return error instanceof Error && error.name === 'InterruptError';
}

function reasonOf(signal: AbortSignal): string {
  const { reason } = signal as { reason: unknown };
  return reason instanceof Error ? reason.message : String(reason ?? 'interrupted');
}
