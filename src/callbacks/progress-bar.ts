import { z } from 'zod';
import { displayHost } from '../display/hosts.js';
import { NotebookRenderer } from '../display/progress/notebook.js';
import { LineRenderer, TerminalRenderer, type ProgressRenderer } from '../display/progress/renderers.js';
import type { ProgressView } from '../display/progress/text.js';
import type { Metrics } from '../module/metrics.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Batch, StepOutputs } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Show every so many batches; 0 shows nothing. Renderers slow down further by themselves. */
  refreshRate: z.int().min(0).default(1),
  /** Where to: bars in a terminal, else plain lines. Default: a display in a notebook, else stderr if it is a terminal, else stdout. */
  stream: z
    .custom<NodeJS.WriteStream>((value) => typeof (value as NodeJS.WriteStream | undefined)?.write === 'function')
    .optional(),
});

export type ProgressBarOptions = z.input<typeof schema>;

interface Loop {
  description: string;
  epoch?: number;
  done: number;
  total: number;
  began: number;
  /** Batches that were done when this process came to the loop. */
  before: number;
}

/** Shows how far the loops are, how fast, how long still, and the metrics. Clocks are the process's own, never saved. */
export class ProgressBar extends Callback {
  readonly #options: z.output<typeof schema>;
  #renderer: ProgressRenderer | undefined;
  #enabled = true;
  #training: Loop | undefined;
  #evaluation: Loop | undefined;
  #loss: { dataSync(): ArrayLike<number> } | undefined;

  constructor(options: ProgressBarOptions = {}) {
    super();
    this.#options = checkOptions('ProgressBar', schema, options);
  }

  get isEnabled(): boolean {
    return this.#enabled && this.#options.refreshRate > 0;
  }

  enable(): void {
    this.#enabled = true;
  }

  disable(): void {
    this.#enabled = false;
  }

  /** Writes a line above the bars. */
  print(line: string): void {
    this.#output.print(line);
  }

  /** What is shown behind the bar; override it to show something else. */
  getMetrics(trainer: Trainer): Metrics {
    return trainer.progressBarMetrics;
  }

  override setup(trainer: Trainer): void {
    if (this.isEnabled) trainer.printer = (line) => this.print(line);
  }

  override teardown(trainer: Trainer): void {
    const { status } = trainer;
    this.#renderer?.close?.(status === 'interrupted' || status === 'failed' ? status : 'done');
    this.#renderer = undefined;
    trainer.printer = undefined;
  }

  override onTrainEpochStart(trainer: Trainer): void {
    this.#beginEpoch(trainer);
  }

  override onTrainBatchStart(trainer: Trainer): void {
    // A run that goes on in the middle of an epoch comes here first.
    if (!this.#training) this.#beginEpoch(trainer);
  }

  override onTrainBatchEnd(
    trainer: Trainer,
    _module: Module,
    outputs: StepOutputs,
    _batch: Batch,
    batchIdx: number,
  ): void {
    if (!this.#training) return;
    this.#training.done = batchIdx + 1;
    this.#loss = outputs.loss;
    this.#refresh(trainer, this.#training);
    this.#loss = undefined;
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    const loop = this.#training;
    this.#training = undefined;
    if (loop && this.isEnabled && trainer.status === 'running')
      this.#output.finish(this.#view(loop, this.getMetrics(trainer)));
  }

  override onValidationStart(trainer: Trainer): void {
    this.#begin(trainer, trainer.sanityChecking ? 'Sanity Checking' : 'Validation');
  }

  override onValidationBatchEnd(
    trainer: Trainer,
    _m: Module,
    _o: unknown,
    _b: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): void {
    this.#advance(trainer, batchIdx, dataloaderIdx);
  }

  override onValidationEnd(trainer: Trainer): void {
    this.#end(trainer);
  }

  override onTestStart(trainer: Trainer): void {
    this.#begin(trainer, 'Testing');
  }

  override onTestBatchEnd(
    trainer: Trainer,
    _m: Module,
    _o: unknown,
    _b: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): void {
    this.#advance(trainer, batchIdx, dataloaderIdx);
  }

  override onTestEnd(trainer: Trainer): void {
    this.#end(trainer);
  }

  override onPredictStart(trainer: Trainer): void {
    this.#begin(trainer, 'Predicting');
  }

  override onPredictBatchEnd(
    trainer: Trainer,
    _m: Module,
    _o: unknown,
    _b: Batch,
    batchIdx: number,
    dataloaderIdx: number,
  ): void {
    this.#advance(trainer, batchIdx, dataloaderIdx);
  }

  override onPredictEnd(trainer: Trainer): void {
    this.#end(trainer);
  }

  get #output(): ProgressRenderer {
    return (this.#renderer ??= rendererFor(this.#options.stream));
  }

  #beginEpoch(trainer: Trainer): void {
    const { batchIdx } = trainer.progress;
    const description = `Epoch ${trainer.currentEpoch}`;
    this.#training = {
      description,
      epoch: trainer.currentEpoch,
      done: batchIdx,
      total: trainer.numTrainingBatches,
      began: performance.now(),
      before: batchIdx,
    };
  }

  #begin(trainer: Trainer, description: string): void {
    this.#evaluation = {
      description: `${description} DataLoader 0`,
      done: 0,
      total: trainer.numEvaluationBatches[0] ?? Infinity,
      began: performance.now(),
      before: 0,
    };
  }

  #advance(trainer: Trainer, batchIdx: number, dataloaderIdx: number): void {
    const loop = this.#evaluation;
    if (!loop) return;
    if (!loop.description.endsWith(` ${dataloaderIdx}`)) {
      Object.assign(loop, {
        description: loop.description.replace(/\d+$/, String(dataloaderIdx)),
        total: trainer.numEvaluationBatches[dataloaderIdx] ?? Infinity,
        began: performance.now(),
      });
    }
    loop.done = batchIdx + 1;
    this.#refresh(trainer, loop);
  }

  /** A loop of its own leaves a line; one inside an epoch leaves none. */
  #end(trainer: Trainer): void {
    const loop = this.#evaluation;
    this.#evaluation = undefined;
    if (loop && this.isEnabled && trainer.stage !== 'fit' && trainer.status === 'running')
      this.#output.finish(this.#view(loop, this.getMetrics(trainer)));
  }

  #refresh(trainer: Trainer, { done, total }: Loop): void {
    const { refreshRate } = this.#options;
    if (!this.isEnabled || (done % refreshRate !== 0 && done !== total) || !this.#output.due(performance.now())) return;
    const metrics = this.getMetrics(trainer);
    const loss = this.#loss?.dataSync()[0];
    const training = this.#training && this.#view(this.#training, loss === undefined ? metrics : { loss, ...metrics });
    const evaluation = this.#evaluation && this.#view(this.#evaluation, {});
    this.#output.show([training, evaluation].filter((view) => view !== undefined));
  }

  #view({ began, before, ...loop }: Loop, metrics: Metrics): ProgressView {
    return { ...loop, elapsed: (performance.now() - began) / 1000, doneHere: loop.done - before, metrics };
  }
}

function rendererFor(stream?: NodeJS.WriteStream): ProgressRenderer {
  if (!stream && displayHost().rich) return new NotebookRenderer();
  const chosen = stream ?? (process.stderr.isTTY ? process.stderr : process.stdout);
  return chosen.isTTY ? new TerminalRenderer(chosen) : new LineRenderer(chosen);
}
