import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { journalEntriesTable } from '../display/tables/journal.js';
import { checkOptions, TEXT } from '../options.js';
import { forkTrainer } from '../trainer/fork.js';
import type { Callback, CallbackList } from '../trainer/callback.js';
import { isHookName, type Batch, type HookName } from '../trainer/hooks.js';
import type { Outcome, Runner } from '../trainer/runner.js';
import type { Guard } from '../trainer/session.js';
import type { Snapshot } from '../trainer/state.js';
import { takeOver } from '../trainer/tenancy.js';
import type { FitResult, Trainer } from '../trainer/trainer.js';
import { Breakpoints, type Breakpoint } from './breakpoints.js';
import type { EventOf, Position, RunEvent } from './events.js';
import { apply, sameMoment, type JournalEntry } from './journal.js';
import { journalScript } from './journal-script.js';
import type { EventFilter } from './listeners.js';
import type { RunOptions } from './options.js';
import { neverThere, noSuchHook, notThereYet, notWholeSteps, outOfReach, over } from './refusals.js';
import { forkOf } from './travel.js';
import { Walk, type Stop } from './walk.js';
import { destinationOf, type WayBack } from './way-back.js';

const HISTORY_BYTES = 64 * 2 ** 20;

export type { EventFilter } from './listeners.js';

/** Whether a run can go on (`paused`), goes on (`running`), or how it ended. */
export type RunStatus = 'paused' | 'running' | Outcome;

/** A training run as a value: it goes on as far as it is told to, and in between everything in it can be looked at. */
export class Run implements AsyncIterable<RunEvent> {
  readonly #runner: Runner;
  readonly #walk: Walk;
  readonly #breakpoints = new Breakpoints();
  readonly #guard: (Guard & Breakpoint) | undefined;
  readonly #resumes: boolean;
  #pauseRequested = false;
  #playing: Promise<RunEvent | undefined> | undefined;
  /** For displays and comparisons; a fork's is its own. */
  readonly name: string;

  /** @internal Use `trainer.run(model, data)`. */
  constructor(
    runner: Runner,
    { ckptPath, signal, saveOnInterrupt = false, history, guard = true, postMortem = false }: RunOptions,
    name = 'run',
  ) {
    this.#runner = runner;
    this.#resumes = ckptPath !== undefined;
    if (guard) this.#guard = this.#breakpoints.guard('gradients that are NaN or infinite');
    this.#walk = new Walk(runner, {
      signal,
      saveOnInterrupt,
      errors: postMortem ? 'pause' : 'pause in hooks',
      historyBytes: history?.limitBytes ?? HISTORY_BYTES,
      guard: this.#guard,
    });
    this.name = name;
    this.#session.postMortem = postMortem;
  }

  get #session() {
    return this.#walk.session;
  }

  /** The trainer, as this run has it: a fork has one of its own. */
  get trainer(): Trainer {
    return this.#session.trainer;
  }

  /** The module, with this run's weights in place: runs that share a module take turns in it. */
  get module(): Module {
    this.#walk.takeOver();
    return this.#session.module;
  }

  /** The callbacks; what is added or removed takes effect at the next hook. */
  get callbacks(): CallbackList {
    this.#walk.takeOver();
    return this.trainer.callbacks;
  }

  /** Whether it can go on, goes on, or how it ended. */
  get status(): RunStatus {
    return this.#runner.outcome ?? (this.#runner.executing ? 'running' : 'paused');
  }

  /** Where it stands: the hook that is called next, and the counters. */
  get position(): Position {
    return this.#walk.position;
  }

  /** Goes on to the next hook and stands before it; undefined when the run has ended. */
  async next(): Promise<RunEvent | undefined> {
    return this.#walk.advance(() => true);
  }

  /**
   * Goes on to the next call of a hook.
   * @param when passes over calls for which it is false
   */
  async until<H extends HookName>(hook: H, when?: (event: EventOf<H>) => boolean): Promise<EventOf<H> | undefined> {
    if (!isHookName(hook)) throw noSuchHook(hook);
    const stop: Stop = (candidate, event) => candidate === hook && (!when || when(event() as EventOf<H>));
    const stopsAt = (candidate: HookName): boolean => candidate === hook;
    const event = await this.#walk.advance(stop, { guard: true, interrupted: 'pause', stopsAt });
    return event?.hook === hook ? (event as EventOf<H>) : undefined;
  }

  /** Trains n batches and stands at the end of the last one, its outputs in hand. */
  async step(n = 1): Promise<EventOf<'onTrainBatchEnd'> | undefined> {
    return this.#times(n, 'onTrainBatchEnd');
  }

  /** Trains n epochs, validations included, and stands at the end of the last one. */
  async epoch(n = 1): Promise<EventOf<'onTrainEpochEnd'> | undefined> {
    return this.#times(n, 'onTrainEpochEnd');
  }

  /** Goes on in the background until it ends, is paused, or comes to a breakpoint. Other work has its turn meanwhile. */
  play(): void {
    this.#walk.refuseIfBusy();
    this.#pauseRequested = false;
    const stop: Stop = (hook, event) => this.#pauseRequested || this.#breaks(hook, event);
    const stopsAt = (hook: HookName): boolean => this.#breakpoints.concerns(hook);
    const playing = this.#walk.advance(stop, { guard: true, interrupted: 'pause', stopsAt });
    this.#playing = playing;
    // Whoever asks the run next gets the error; until then its status says that it failed.
    playing.catch(() => undefined);
  }

  /**
   * Waits until a playing run pauses by itself, at a breakpoint say, or ends. Gives the event it stands at, undefined at the
   * end or if it does not play. Throws what the run threw, if it did.
   */
  async wait(): Promise<RunEvent | undefined> {
    return this.#playing;
  }

  /** Pauses a playing run at its next hook. Throws what the run threw, if it did. */
  async pause(): Promise<Position> {
    this.#pauseRequested = true;
    const playing = this.#playing;
    this.#playing = undefined;
    await playing;
    return this.position;
  }

  /**
   * Pauses a playing run at a hook, always or when the predicate holds.
   *
   * @param description what lists of breakpoints say of it. Default: the hook's name.
   */
  break<H extends HookName>(hook: H, when?: (event: EventOf<H>) => boolean, description?: string): Breakpoint {
    return this.#breakpoints.at(hook, when as ((event: RunEvent) => boolean) | undefined, description);
  }

  /**
   * Pauses a playing run when a value crosses a line, looked at before every hook: `when(now, before)`; `before` is NaN at
   * first. An event that has no such value gives NaN or undefined.
   */
  watch(
    name: string,
    value: (event: RunEvent) => number | undefined,
    when: (now: number, before: number) => boolean,
  ): Breakpoint {
    return this.#breakpoints.watch(name, value, when);
  }

  /** All breakpoints and watches, in the order in which they were set. */
  get breakpoints(): Breakpoint[] {
    return this.#breakpoints.list;
  }

  /** Calls the listener with every event, or with those a filter names. The function it gives back ends that. */
  on(listener: (event: RunEvent) => void): () => void;
  on<H extends HookName>(filter: EventFilter<H>, listener: (event: EventOf<H>) => void): () => void;
  on<H extends HookName>(
    first: EventFilter<H> | ((event: RunEvent) => void),
    second?: (event: EventOf<H>) => void,
  ): () => void {
    return typeof first === 'function'
      ? this.#walk.listeners.add({}, first)
      : this.#walk.listeners.add(first, second as (event: EventOf<H>) => void);
  }

  /** Calls the listener whenever the run has come to rest: it is paused, or over. The function it gives back ends that. */
  onRest(listener: () => void): () => void {
    const { atRest } = this.trainer;
    // One of its own: the same function may be given twice.
    const tell = (): void => listener();
    atRest.add(tell);
    return () => void atRest.delete(tell);
  }

  /**
   * What was changed while the run was paused, when and where, from what to what; direct assignments included. It goes back
   * with the run: what was changed after the point it went back to is not in it.
   */
  get journal(): JournalEntry[] {
    this.#walk.takeOver();
    if (this.#runner.begun && this.status === 'paused') this.#walk.settle();
    return [...this.#walk.journal.entries];
  }

  /** The journal as a table. */
  journalTable(): string {
    return journalEntriesTable(this.journal).toText();
  }

  /** The journal as TypeScript that does the same to a fresh run. */
  toScript(): string {
    return journalScript(this.journal);
  }

  /**
   * Goes on to where each of these changes was made, and makes it: with the same seed, the run becomes the journal's.
   *
   * @param journal what was changed, and at which moments
   * @param options what the journal cannot hold
   * @param options.callbacks those that the journal has added: it names them by their state keys, but holds data only
   */
  async replay(
    journal: readonly JournalEntry[],
    { callbacks = [] }: { callbacks?: readonly Callback[] } = {},
  ): Promise<void> {
    for (const entry of journal) {
      while (!sameMoment(this.position, entry.position)) {
        if (!(await this.next())) throw neverThere(entry);
      }
      this.#walk.takeOver();
      apply(this.#session, entry, callbacks);
    }
  }

  /** The batch at hand. Replace it before its step runs, and the step sees the new one; the old one stays yours. */
  get batch(): Batch {
    return this.#session.hands.batch;
  }

  set batch(batch: Batch) {
    this.#session.replaceBatch(batch);
  }

  /** What the gradients of the step at hand are multiplied by: one over the accumulation window, unless it is set. */
  get lossScale(): number {
    return this.#session.hands.lossScale;
  }

  set lossScale(scale: number) {
    this.#session.hands.lossScale = scale;
  }

  /** Optimizer steps between which `rewind` can go back, and what remembering them costs. */
  get history(): {
    /** The first step it reaches back to. */
    from: number;
    /** The last step it holds. */
    to: number;
    /** What it keeps alive. */
    bytes: number;
    /** What it may keep alive. */
    limitBytes: number;
  } {
    return this.#walk.history.extent;
  }

  /**
   * Goes back to the beginning of an earlier batch: so many optimizer steps back, to a step, or to an epoch's beginning.
   * From there the run goes on as it did, bit for bit, unless something is changed. Files written since stay.
   */
  async rewind(to: WayBack): Promise<Position> {
    this.#walk.refuseIfBusy();
    this.#refuseIfOver('rewind');
    const { history } = this.#walk;
    const { globalStep } = this.#session.progress;
    const destination = destinationOf(to, this.#session.progress);
    const point = history.before(destination.isAfter);
    if (!point || !destination.isInReach(point)) throw outOfReach(history, to);
    const next = history.after(point) ?? { batch: point.batch + 1, step: globalStep };
    await this.#walk.travel(point.snapshot);
    // Several optimizers take several steps in a batch; to one in the middle is to the beginning of its batch.
    if (next.batch === point.batch + 1 && destination.isPassed(next.step)) return this.position;
    // What the history has thinned out is reached from the point before it.
    while (!destination.arrived(this.#session.progress) && (await this.until('onTrainBatchStart')));
    const passed = destination.isPassed(this.#session.progress.globalStep);
    const before = passed ? history.before(destination.isAfter) : undefined;
    if (before) await this.#walk.travel(before.snapshot);
    return this.position;
  }

  /** Where the run stands, with everything that it needs to come back. Dispose it when it is no longer wanted. */
  snapshot(): Snapshot {
    this.#walk.refuseIfBusy();
    if (this.#resumes && !this.#runner.begun) throw notThereYet();
    return this.#walk.snapshot();
  }

  /** Goes back (or forward) to a snapshot of this run. */
  async restore(snapshot: Snapshot): Promise<Position> {
    this.#walk.refuseIfBusy();
    this.#refuseIfOver('restore');
    await this.#walk.travel(snapshot);
    return this.position;
  }

  /** A run of its own from here: weights, optimizer, callbacks' state and position go their own way. */
  async fork(options: { name?: string } = {}): Promise<Run> {
    checkOptions('run.fork', options, { name: TEXT });
    const { name = `${this.name}*` } = options;
    this.#walk.refuseIfBusy();
    await this.#begin();
    this.#refuseIfOver('fork');
    const how: RunOptions = {
      history: { limitBytes: this.#walk.history.limitBytes },
      guard: this.#guard !== undefined,
      postMortem: this.#session.postMortem,
    };
    return new Run(await forkOf(this.#runner), how, name);
  }

  /** One pass over the validation loaders with the weights as they are; the run stays where it is. */
  async validate(): Promise<Metrics[]> {
    this.#walk.refuseIfBusy();
    await this.#begin();
    takeOver(this.#session);
    const trainer = forkTrainer(this.trainer, { silent: true });
    const loaders = this.#session.data.loaders('val');
    // In a list of one, a loader that is an array would be taken for a batch.
    const val = loaders.length === 1 ? loaders[0] : loaders;
    const modes = this.#session.modes();
    try {
      return await trainer.validate(this.#session.module, val);
    } finally {
      takeOver(this.#session);
      this.#session.setModes(modes);
    }
  }

  /** Goes on to the end. */
  async finish(): Promise<FitResult> {
    await this.#walk.advance(() => false, { errors: 'end', stopsAt: () => false });
    const { outcome = 'completed', reason, ckptPath } = this.#runner;
    return this.trainer.result({ outcome, reason, ckptPath });
  }

  /** Ends the run here: its end hooks and teardown run. A run that is over already says how it ended. */
  async stop(reason = 'run.stop() was called'): Promise<FitResult> {
    this.#walk.refuseIfBusy();
    if (this.#runner.outcome === undefined) await this.#runner.abandon(reason);
    return this.trainer.result({ outcome: this.#runner.outcome ?? 'stopped', reason: this.#runner.reason });
  }

  /** Writes a checkpoint that goes on exactly here, in any process: `trainer.run(model, data, { ckptPath: path })`. */
  async save(path: string): Promise<void> {
    this.#walk.refuseIfBusy();
    await this.#begin();
    await this.trainer.saveCheckpoint(path);
  }

  /** One event for each hook. Leaving the loop pauses the run; another loop goes on from there. */
  async *[Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    for (let event = await this.next(); event; event = await this.next()) yield event;
  }

  /** A run that nobody has advanced goes to where it stands: before its first hook, or where its checkpoint was saved. */
  async #begin(): Promise<void> {
    if (!this.#runner.begun && this.#runner.outcome === undefined) await this.next();
  }

  async #times<H extends HookName>(n: number, hook: H): Promise<EventOf<H> | undefined> {
    if (!Number.isInteger(n) || n < 1) {
      throw notWholeSteps(n);
    }
    let event: EventOf<H> | undefined;
    for (let i = 0; i < n; i++) {
      event = await this.until(hook);
      if (!event) return undefined;
    }
    return event;
  }

  #breaks(hook: HookName, event: () => RunEvent): boolean {
    return this.#breakpoints.concerns(hook) && this.#breakpoints.hit(event());
  }

  #refuseIfOver(what: string): void {
    if (this.#runner.outcome === undefined) return;
    throw over(what, this.#runner.outcome);
  }
}
