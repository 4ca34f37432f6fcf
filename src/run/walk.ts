import { eventData, type HookName } from '../trainer/hooks.js';
import { saveInterrupted } from '../trainer/drain.js';
import { whileUnderWay } from '../trainer/interrupt.js';
import { MIDDLE } from '../trainer/replay/middle.js';
import { Interruption, type AdvanceOptions, type Runner } from '../trainer/runner.js';
import type { Guard } from '../trainer/session.js';
import type { Snapshot } from '../trainer/state.js';
import { takeOver } from '../trainer/tenancy.js';
import type { Position, RunEvent } from './events.js';
import { History } from './history.js';
import { Journal, type JournalEntry } from './journal.js';
import { Listeners } from './listeners.js';
import { failed, underWay } from './refusals.js';
import { snapshotOf, travel } from './travel.js';

/** Asked at every hook whether to stand there. The event is made when it is asked for. */
export type Stop = (hook: HookName, event: () => RunEvent) => boolean;

export interface How extends Pick<AdvanceOptions, 'errors'> {
  /** At which hooks the run may be stopped. Default: at every one. */
  stopsAt?: (hook: HookName) => boolean;
  /** Whether the guard is on duty. */
  guard?: boolean;
  /** What an interrupt does: pause quietly, or pause and throw, so that whoever goes from pause to pause stops, too. */
  interrupted?: 'pause' | 'throw';
}

export interface WalkOptions {
  signal: AbortSignal | undefined;
  /** Whether the signal first saves the run. */
  saveOnInterrupt: boolean;
  errors: NonNullable<AdvanceOptions['errors']>;
  historyBytes: number;
  /** What pauses before updates that are not finite, if anything does. */
  guard: Guard | undefined;
}

/**
 * How a run gets from hook to hook: it remembers where it was, tells who listens, and stands where it is to stop. While it
 * stands, the journal has what is changed.
 */
export class Walk {
  readonly runner: Runner;
  readonly history: History;
  readonly listeners = new Listeners();
  readonly journal = new Journal();
  readonly #options: WalkOptions;
  /** The way to each snapshot: what was changed on it, and the history's mark. What is not on it is undone by going there. */
  readonly #ways = new WeakMap<Snapshot, { changes: readonly JournalEntry[]; mark: number }>();

  constructor(runner: Runner, options: WalkOptions) {
    this.runner = runner;
    this.history = new History(options.historyBytes);
    this.#options = options;
    runner.onEnd = () => this.history.clear();
  }

  get session() {
    return this.runner.execution.session;
  }

  get position(): Position {
    const { execution } = this.runner;
    const { progress, stage, batchIdx } = this.session;
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

  /** Goes on to the next hook that `stop` accepts, and gives its event; undefined when the run has ended. */
  async advance(
    stop: Stop,
    { guard = false, interrupted = 'throw', stopsAt = () => true, errors = this.#options.errors }: How = {},
  ): Promise<RunEvent | undefined> {
    const { runner, session, listeners } = this;
    this.refuseIfBusy();
    if (runner.outcome === 'failed') throw failed(runner.reason);
    if (runner.outcome !== undefined) return undefined;
    // A listener or a breakpoint's condition that throws pauses the run where it stands.
    let thrown: { error: unknown } | undefined;
    let interruption: Interruption | undefined;
    const interrupt = (reason: string): void => void (interruption = new Interruption(`The run is paused: ${reason}.`));
    const unattended = (): boolean => ![...MIDDLE].some((hook) => stopsAt(hook) || listeners.concern(hook));
    const pass = (hook: HookName): boolean => {
      // Who comes to a replayed step's middle comes too late to see or change anything, and waits for its end.
      if (session.hands.replayed && MIDDLE.has(hook)) return false;
      let made: RunEvent | undefined;
      const event = (): RunEvent => (made ??= this.#event(hook));
      try {
        this.#remember(hook);
        listeners.tell(hook, event);
        if (interruption && interrupted === 'throw') thrown = { error: interruption };
        return interruption !== undefined || stop(hook, event);
      } catch (error) {
        thrown = { error };
        return true;
      }
    };
    this.takeOver();
    this.#goOn();
    session.guard = guard ? this.#options.guard : undefined;
    try {
      const { signal, saveOnInterrupt } = this.#options;
      const beforeInterrupt = saveOnInterrupt ? () => saveInterrupted(runner) : undefined;
      const options: AdvanceOptions = { errors, stops: 'pause', signal, beforeInterrupt, unattended };
      const hook = await whileUnderWay(interrupt, () => runner.advance(pass, options));
      if (thrown) throw thrown.error;
      return hook && this.#event(hook);
    } finally {
      if (runner.outcome === undefined) {
        session.rememberWeights();
        this.#stand();
      }
    }
  }

  /** Where the run stands; what was changed since it paused is part of that. */
  snapshot(): Snapshot {
    if (this.runner.begun && this.runner.outcome === undefined) this.settle();
    return this.#noted(snapshotOf(this.runner));
  }

  /** Stands where a snapshot was taken. */
  async travel(snapshot: Snapshot): Promise<void> {
    this.#goOn();
    await travel(this.runner, snapshot);
    const way = this.#ways.get(snapshot);
    if (way) {
      this.journal.entries = way.changes;
      this.history.cutAfter(way.mark);
    }
    this.#stand();
  }

  /** What was changed so far is written down; what comes next is compared with how things are now. */
  settle(): void {
    this.#goOn();
    this.#stand();
  }

  /** What is looked at or changed is this run's own. */
  takeOver(): void {
    if (this.runner.begun && this.runner.outcome === undefined) takeOver(this.session);
  }

  refuseIfBusy(): void {
    if (this.runner.executing) throw underWay();
  }

  /** What is changed from now on is the user's doing. */
  #stand(): void {
    this.journal.open(this.session);
  }

  #goOn(): void {
    this.journal.close(this.session, () => this.position);
  }

  /** Every batch's beginning can be gone back to. */
  #remember(hook: HookName): void {
    if (hook !== 'onTrainBatchStart' || this.history.limitBytes === 0) return;
    const { epoch, batchIdx, globalStep: step, totalBatches: batch, window } = this.session.progress;
    const snapshot = snapshotOf(this.runner);
    this.history.add({ batch, step, beginsStep: window.gathered === 0, epoch, batchIdx, snapshot });
    this.#noted(snapshot);
  }

  #noted(snapshot: Snapshot): Snapshot {
    this.#ways.set(snapshot, { changes: this.journal.entries, mark: this.history.mark });
    return snapshot;
  }

  #event(hook: HookName): RunEvent {
    const { hookData } = this.session;
    const data = eventData(hook).map((name) => [name, hookData[name]] as const);
    return { hook, position: this.position, ...Object.fromEntries(data) } as unknown as RunEvent;
  }
}
