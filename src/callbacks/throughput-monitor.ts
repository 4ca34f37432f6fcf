import { z } from 'zod';
import { ContractError, describe, StrobeError } from '../errors.js';
import type { Metrics } from '../module/metrics.js';
import { batchSizeOf } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Batch, StepOutputs } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { ThroughputWindow } from './throughput/window.js';
import { checkOptions } from './options.js';

const counter = z.custom<(batch: Batch) => number>((value) => typeof value === 'function', {
  error: 'a function of a batch that gives a number',
});

const schema = z.strictObject({
  /** Samples in a batch. Default: the leading dimension of its first tensor. */
  batchSizeFn: counter.optional(),
  /** Items in a batch, such as tokens. */
  lengthFn: counter.optional(),
  /** Batches over which rates are taken, at least 2. */
  windowSize: z.int().min(2).default(100),
  /** Floating-point operations of a batch (forward and backward in training), or how to count them. */
  flopsPerBatch: z
    .union([z.number().min(0), counter], { error: 'a number from 0 up, or a function of a batch that gives one' })
    .optional(),
  /** Operations a second that the machine could do: gives `mfu`, the share of them that is used. */
  availableFlops: z.number().positive().optional(),
  /** Between the parts of names. */
  separator: z.string().default('/'),
});

/** What ThroughputMonitor takes. @interface */
export type ThroughputMonitorOptions = z.input<typeof schema>;

type Stage = 'train' | 'validate' | 'test' | 'predict';

interface Tally {
  window: ThroughputWindow;
  /** When the stage began, in milliseconds of the process's clock; pushed on by what does not count. */
  began: number;
  batches: number;
  samples: number;
  lengths: number;
}

/**
 * Logs how fast batches, samples and items go through, for each stage: `train/time` (seconds), `train/batches`,
 * `train/samples`, and with a full window `train/device/batches_per_sec` and the like. Validations inside a fit do not
 * count as training time.
 */
export class ThroughputMonitor extends Callback {
  readonly #options: z.output<typeof schema>;
  readonly #tallies: Partial<Record<Stage, Tally>> = {};

  constructor(options: ThroughputMonitorOptions = {}) {
    super();
    this.#options = checkOptions('ThroughputMonitor', schema, options);
  }

  override onTrainStart(): void {
    this.#begin('train');
  }

  override async onTrainBatchEnd(
    trainer: Trainer,
    _module: Module,
    _outputs: StepOutputs,
    batch: Batch,
  ): Promise<void> {
    this.#count('train', batch);
    // In the middle of an accumulation window the step that belongs to it has not been done yet.
    if (trainer.endsWindow && trainer.logsAreDue) await trainer.logMetrics(this.#metrics('train'));
  }

  override onValidationStart({ sanityChecking }: Trainer): void {
    if (!sanityChecking) this.#begin('validate');
  }

  override async onValidationBatchEnd(
    trainer: Trainer,
    _module: Module,
    _outputs: unknown,
    batch: Batch,
  ): Promise<void> {
    if (!trainer.sanityChecking) await this.#evaluated(trainer, 'validate', batch);
  }

  override onValidationEnd({ sanityChecking }: Trainer): void {
    const { train, validate } = this.#tallies;
    if (!sanityChecking && train && validate) train.began += performance.now() - validate.began;
  }

  override onTestStart(): void {
    this.#begin('test');
  }

  override async onTestBatchEnd(trainer: Trainer, _module: Module, _outputs: unknown, batch: Batch): Promise<void> {
    await this.#evaluated(trainer, 'test', batch);
  }

  override onPredictStart(): void {
    this.#begin('predict');
  }

  override async onPredictBatchEnd(trainer: Trainer, _module: Module, _outputs: unknown, batch: Batch): Promise<void> {
    await this.#evaluated(trainer, 'predict', batch);
  }

  #begin(stage: Stage): void {
    const { windowSize, availableFlops } = this.#options;
    const window = new ThroughputWindow(windowSize, availableFlops);
    this.#tallies[stage] = { window, began: performance.now(), batches: 0, samples: 0, lengths: 0 };
  }

  async #evaluated(trainer: Trainer, stage: Stage, batch: Batch): Promise<void> {
    this.#count(stage, batch);
    const { logEveryNSteps } = trainer.options;
    const { batches } = this.#tallies[stage] as Tally;
    if (logEveryNSteps === 0 || batches % logEveryNSteps !== 0) return;
    await trainer.logMetrics(
      this.#metrics(stage),
      stage === 'validate' ? trainer.progress.steppedBatches : batches - 1,
    );
  }

  #count(stage: Stage, batch: Batch): void {
    // A run that goes on in the middle of a stage begins to count there.
    if (!this.#tallies[stage]) this.#begin(stage);
    const tally = this.#tallies[stage] as Tally;
    const { batchSizeFn = batchSizeOf, lengthFn, flopsPerBatch } = this.#options;
    tally.batches += 1;
    tally.samples += numberFrom('batchSizeFn', batchSizeFn, batch);
    if (lengthFn) tally.lengths += numberFrom('lengthFn', lengthFn, batch);
    tally.window.add({
      time: (performance.now() - tally.began) / 1000,
      batches: tally.batches,
      samples: tally.samples,
      lengths: lengthFn && tally.lengths,
      flops: typeof flopsPerBatch === 'function' ? numberFrom('flopsPerBatch', flopsPerBatch, batch) : flopsPerBatch,
    });
  }

  #metrics(stage: Stage): Metrics {
    const { separator } = this.#options;
    const metrics = this.#tallies[stage]?.window.compute(separator) ?? {};
    return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${stage}${separator}${name}`, value]));
  }
}

function numberFrom(option: string, count: (batch: Batch) => number, batch: Batch): number {
  const result: unknown = count(batch);
  if (typeof result === 'number' && Number.isFinite(result)) return result;
  throw new ContractError(
    StrobeError.compose(`ThroughputMonitor: ${option} did not give a number.`, {
      expected: 'a finite number for each batch',
      received: describe(result),
      hint: `e.g. ${option}: ([x]) => x.shape[0]`,
    }),
  );
}
