import { z } from 'zod';
import { Callback } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { milliseconds, type Duration } from '../trainer/duration.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /**
   * How long to train: `'DD:HH:MM:SS'`, `{ days, hours, minutes, seconds }`, or milliseconds; 0 takes no step.
   * Default: for ever.
   */
  duration: z.custom<Duration>().optional(),
  /** Look at the clock after batches or after epochs. */
  interval: z.enum(['step', 'epoch']).default('step'),
  /** Say so when the time is up. */
  verbose: z.boolean().default(true),
});

/** What Timer takes. @interface */
export type TimerOptions = z.input<typeof schema>;

/** What a Timer measures apart. */
export type TimedStage = 'train' | 'sanityCheck' | 'validate' | 'test' | 'predict';
const STAGES: readonly TimedStage[] = ['train', 'sanityCheck', 'validate', 'test', 'predict'];

/** Takes the time of each stage, and ends the training when its time is up; `minEpochs` and `minSteps` come first. */
export class Timer extends Callback {
  /** Seconds; undefined for ever. */
  readonly duration: number | undefined;
  /** Whether it looks at the clock after batches or after epochs. */
  readonly interval: 'step' | 'epoch';
  /** Whether it says that the time is up. */
  readonly verbose: boolean;
  /** Seconds of training before this process. */
  #offset = 0;
  #start: Partial<Record<TimedStage, number>> = {};
  #end: Partial<Record<TimedStage, number>> = {};

  constructor(options: TimerOptions = {}) {
    super();
    const { duration, interval, verbose } = checkOptions('Timer', schema, options);
    this.duration = duration === undefined ? undefined : milliseconds(duration, 'duration') / 1000;
    this.interval = interval;
    this.verbose = verbose;
  }

  /** When a stage began, in seconds of the process's own clock; undefined if it has not. */
  startTime(stage: TimedStage = 'train'): number | undefined {
    return this.#start[stage];
  }

  /** When a stage ended; undefined while it lasts. */
  endTime(stage: TimedStage = 'train'): number | undefined {
    return this.#end[stage];
  }

  /** Seconds a stage has taken: for training those before a resume included, for the others the last time. */
  timeElapsed(stage: TimedStage = 'train'): number {
    const start = this.#start[stage];
    const before = stage === 'train' ? this.#offset : 0;
    return start === undefined ? before : before + (this.#end[stage] ?? now()) - start;
  }

  /** Seconds until the time is up; undefined without a duration. */
  timeRemaining(stage: TimedStage = 'train'): number | undefined {
    return this.duration === undefined ? undefined : this.duration - this.timeElapsed(stage);
  }

  /** A timer that has been resumed may have run out already: then no step is taken. */
  override onFitStart(trainer: Trainer): void {
    this.#check(trainer);
  }

  override onTrainStart(): void {
    // A second fit goes on from what the first one took.
    if (this.#end.train !== undefined) this.#offset = this.timeElapsed();
    this.#begin('train');
  }

  override onTrainEnd(): void {
    this.#finish('train');
  }

  override onTrainBatchEnd(trainer: Trainer): void {
    if (this.interval === 'step') this.#check(trainer);
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    if (this.interval === 'epoch') this.#check(trainer);
  }

  override onValidationStart({ sanityChecking }: Trainer): void {
    this.#begin(sanityChecking ? 'sanityCheck' : 'validate');
  }

  override onValidationEnd({ sanityChecking }: Trainer): void {
    this.#finish(sanityChecking ? 'sanityCheck' : 'validate');
  }

  override onTestStart(): void {
    this.#begin('test');
  }

  override onTestEnd(): void {
    this.#finish('test');
  }

  override onPredictStart(): void {
    this.#begin('predict');
  }

  override onPredictEnd(): void {
    this.#finish('predict');
  }

  override stateDict(): { timeElapsed: Record<TimedStage, number> } {
    const elapsed = STAGES.map((stage) => [stage, this.timeElapsed(stage)] as const);
    return { timeElapsed: Object.fromEntries(elapsed) as Record<TimedStage, number> };
  }

  /** The training time of the state counts; the clock goes on from here. */
  override loadStateDict({ timeElapsed }: { timeElapsed: { train?: number } }): void {
    this.#offset = timeElapsed.train ?? 0;
    if (this.#start.train !== undefined) this.#begin('train');
  }

  #begin(stage: TimedStage): void {
    this.#start[stage] = now();
    delete this.#end[stage];
  }

  #finish(stage: TimedStage): void {
    this.#end[stage] = now();
  }

  #check(trainer: Trainer): void {
    if (this.duration === undefined || this.timeElapsed() < this.duration) return;
    const message = `Time limit reached: ${this.timeElapsed().toFixed(1)} s of ${this.duration} s.`;
    if (this.verbose && !trainer.shouldStop) trainer.print(`${message} Signaling Trainer to stop.`);
    trainer.requestStop(true, message);
  }
}

function now(): number {
  return performance.now() / 1000;
}
