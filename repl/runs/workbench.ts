import { join, resolve } from 'node:path';
import {
  ModelCheckpoint,
  ProgressBar,
  type Breakpoint,
  type Callback,
  type FitResult,
  type HookName,
  type Run,
  type RunEvent,
  type RunOptions,
} from '../../src/index.js';
import type { Experiment } from '../../src/cli/load.js';
import type { RunRow, RunView } from '../store/state.js';
import type { Store } from '../store/store.js';
import { Queue } from './queue.js';
import { Recorder } from './recorder.js';
import { rowOf, viewOf, type Attention } from './view.js';

/** Where to go: up to a hook, or to the n-th call of it for which a condition holds. */
export interface Target {
  hook: HookName;
  when?: (event: RunEvent) => boolean;
  count?: number;
}

/** Why a run stands. */
export interface Arrival {
  event: RunEvent | undefined;
  /** Breakpoints and watches that stopped it, in words. */
  stoppedBy: string[];
  /** Whether it came to where it was sent. */
  reached: boolean;
  /** How it ended, if it has. */
  result?: FitResult;
}

export interface WorkbenchOptions extends RunOptions {
  /** Optimizer steps of the checkpoint that is gone on from: so many are saved already. Default 0. */
  savedAt?: number;
}

/** Sets a breakpoint or a watch in a run. */
export type Stop = (run: Run) => Breakpoint;

interface Bench {
  run: Run;
  recorder: Recorder;
  /** Callbacks that were taken out and may be put back. */
  disabled: Callback[];
  /** How each breakpoint was set, by its id, so that a fork gets it too. */
  stops: Map<number, Stop>;
  /** Optimizer steps at the last time that it was saved, or had nothing to save. */
  savedAt: number;
}

/** The runs that are worked on, one at hand. Moves and changes happen one after another; a pause does not wait its turn. */
export class Workbench {
  readonly experiment: Experiment;
  readonly #store: Store;
  readonly #benches: Bench[] = [];
  readonly #queue = new Queue();
  #current = 0;
  #playing: Promise<void> | undefined;
  #amending = false;
  #switched: (run: Run) => Promise<void> = async () => undefined;

  constructor(experiment: Experiment, store: Store, { savedAt = 0, ...options }: WorkbenchOptions = {}) {
    this.experiment = experiment;
    this.#store = store;
    experiment.trainer.callbacks.remove(ProgressBar);
    const run = experiment.trainer.run(experiment.model, experiment.data, { postMortem: true, ...options });
    this.#add(run, new Recorder(run), [], savedAt);
  }

  get run(): Run {
    return this.#bench.run;
  }

  get runs(): Run[] {
    return this.#benches.map(({ run }) => run);
  }

  get disabled(): Callback[] {
    return this.#bench.disabled;
  }

  get playing(): boolean {
    return this.#playing !== undefined || this.run.status === 'running';
  }

  get #bench(): Bench {
    return this.#benches[this.#current] as Bench;
  }

  /** Runs with steps that no file holds. */
  get unsaved(): Run[] {
    return this.#benches
      .filter(({ run, savedAt }) => {
        const { status, position, trainer } = run;
        const written = trainer.callbacks.map((each) => (each instanceof ModelCheckpoint ? each.lastSavedStep : 0));
        return status !== 'running' && status !== 'failed' && position.globalStep > Math.max(savedAt, ...written);
      })
      .map(({ run }) => run);
  }

  /** Does something with the run standing, after everything that was asked before. */
  async whenStanding<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    return this.#queue.add(async () => {
      await this.halt();
      return work();
    });
  }

  /** Changes something: a run that plays is paused for it, so that the journal has it, and plays on. */
  async amend<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    return this.#queue.add(async () => {
      const played = this.#playing !== undefined;
      this.#amending = played;
      await this.halt();
      try {
        return await work();
      } finally {
        this.#amending = false;
        if (played && this.run.status === 'paused') this.#playing = this.#play(this.#told);
      }
    });
  }

  #told: (arrival: Arrival | { error: unknown }) => void = () => undefined;

  /** Goes on until something stops it. What does is told. */
  async play(tell: (arrival: Arrival | { error: unknown }) => void): Promise<void> {
    await this.whenStanding(() => {
      this.#told = tell;
      this.#playing = this.#play(tell);
    });
  }

  async #play(tell: (arrival: Arrival | { error: unknown }) => void): Promise<void> {
    try {
      const arrival = await this.#go();
      // A pause that nobody asked for is nobody's to hear of.
      if (!this.#amending || this.run.status !== 'paused' || arrival.stoppedBy.length > 0) tell(arrival);
    } catch (error) {
      tell({ error });
    } finally {
      this.#playing = undefined;
      this.#store.change(() => undefined);
    }
  }

  /** Goes on to a target; breakpoints and `interrupt` stop it on the way. */
  async goTo(target: Target): Promise<Arrival | undefined> {
    return this.whenStanding(() => this.#go(target));
  }

  /** Pauses what plays, once it is at its next hook. */
  async halt(): Promise<void> {
    if (!this.#playing) return;
    this.#pause();
    await this.#playing;
  }

  /** Settles when nothing plays. */
  async standing(): Promise<void> {
    await this.#playing;
  }

  /** Pauses now, whatever else was asked for. Says whether there was anything to pause. */
  interrupt(): boolean {
    const busy = this.playing || this.#queue.busy;
    this.#queue.clear();
    if (this.run.status === 'running') this.#pause();
    return busy;
  }

  #pause(): void {
    // What went wrong is told to whoever waits for the move.
    this.run.pause().catch(() => undefined);
  }

  async #go(target?: Target): Promise<Arrival> {
    const { run, recorder } = this.#bench;
    let left = target?.count ?? 1;
    let reached = false;
    // Not a breakpoint: those are the user's, and numbered.
    const stopLooking =
      target &&
      run.on({ hook: target.hook }, (event) => {
        if (!(target.when?.(event) ?? true) || --left > 0) return;
        reached = true;
        this.#pause();
      });
    const before = new Map(run.breakpoints.map(({ id, hits }) => [id, hits]));
    try {
      run.play();
      const event = await run.wait();
      const stops = run.breakpoints.filter(({ id, hits }) => hits > (before.get(id) ?? 0));
      const stoppedBy = stops.map(({ id, description }) => `${id}: ${description}`);
      return { event, stoppedBy, reached, ...(event ? {} : { result: await run.finish() }) };
    } finally {
      stopLooking?.();
      recorder.settle();
    }
  }

  /** One hook further. */
  async next(): Promise<RunEvent | undefined> {
    return this.whenStanding(async () => {
      const event = await this.run.next();
      this.#bench.recorder.settle();
      return event;
    });
  }

  async rewind(to: number | { step: number } | { epoch: number }): Promise<void> {
    await this.whenStanding(async () => {
      const bench = this.#bench;
      await bench.run.rewind(to);
      // What was saved of the future is of another one.
      bench.savedAt = Math.min(bench.savedAt, bench.run.position.globalStep);
      bench.recorder.settle();
    });
  }

  /** Sets a breakpoint or a watch; forks will have it, too. */
  stopAt(stop: Stop): Breakpoint {
    const breakpoint = stop(this.run);
    this.#bench.stops.set(breakpoint.id, stop);
    return breakpoint;
  }

  async fork(name: string): Promise<Run | undefined> {
    return this.whenStanding(async () => {
      const { run, recorder, disabled, savedAt, stops: own } = this.#bench;
      const fork = await run.fork({ name });
      const { stops } = this.#add(fork, recorder.follow(fork), [...disabled], savedAt);
      for (const { id } of run.breakpoints) {
        const stop = own.get(id);
        if (stop) stops.set(stop(fork).id, stop);
      }
      return fork;
    });
  }

  /** Calls the listener with the run that is taken to hand. There is one: the prompt. */
  onSwitch(listener: (run: Run) => Promise<void>): void {
    this.#switched = listener;
  }

  /** Takes another run to hand, by its index. */
  async switchTo(index: number): Promise<void> {
    await this.whenStanding(async () => {
      this.#current = index;
      await this.#switched(this.run);
    });
  }

  /** Saves a run that stands, by default under the trainer's folder. Gives the path. */
  async save(run: Run, file?: string): Promise<string> {
    const { epoch, globalStep } = run.position;
    // Of two runs by the same name, neither may be written over the other.
    const twins = this.runs.filter((other) => fileName(other) === fileName(run));
    const number = twins.length > 1 ? `-${this.runs.indexOf(run) + 1}` : '';
    const name = `${fileName(run)}${number}-epoch=${epoch}-step=${globalStep}.ckpt`;
    const path = resolve(file ?? join(run.trainer.options.defaultRootDir, name));
    await run.save(path);
    const bench = this.#benches.find((candidate) => candidate.run === run);
    if (bench) bench.savedAt = globalStep;
    return path;
  }

  /** The run at hand as it looks now; gradients are looked at when somebody looks at parameters. */
  view(before: RunView | undefined, attention: Attention): RunView {
    const { recorder, disabled } = this.#bench;
    if (attention.parameters && recorder.run.status === 'running') recorder.lookAtGradients();
    return viewOf(recorder, disabled, before?.name === recorder.run.name ? before : undefined, attention);
  }

  /** The list of runs, and which one is at hand. */
  list(): { runs: RunRow[]; current: number } {
    return { runs: this.runs.map(rowOf), current: this.#current };
  }

  #add(run: Run, recorder: Recorder, disabled: Callback[] = [], savedAt = 0): Bench {
    run.trainer.printer = (line) => this.#store.log(line, line.startsWith('[strobe]') ? 'warn' : 'plain');
    const bench: Bench = { run, recorder, disabled, savedAt, stops: new Map() };
    this.#benches.push(bench);
    return bench;
  }
}

function fileName({ name }: Run): string {
  return name.replaceAll(/[^\p{L}\p{N}_]+/gu, '-');
}
