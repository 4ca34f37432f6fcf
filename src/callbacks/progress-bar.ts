import { z } from 'zod';
import { displayHost } from '../display/hosts.js';
import { NotebookRenderer } from '../display/progress/notebook.js';
import { LineRenderer, TerminalRenderer, type ProgressRenderer } from '../display/progress/renderers.js';
import type { ProgressView, ShownMetrics } from '../display/progress/text.js';
import type { Module } from '../module/module.js';
import { Callback } from '../trainer/callback.js';
import type { Batch, StepOutputs } from '../trainer/hooks.js';
import type { Trainer } from '../trainer/trainer.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Show every so many batches; 0 shows nothing. Renderers slow down further by themselves. */
  refreshRate: z.int().min(0).default(1),
  /** Keep a line of each epoch that has ended. Where there are no bars, lines are kept in any case. */
  leave: z.boolean().default(true),
  /** Where to: bars in a terminal, else plain lines. Default: a display in a notebook, else stderr if it is a terminal, else stdout. */
  stream: z
    .custom<NodeJS.WriteStream>((value) => typeof (value as NodeJS.WriteStream | undefined)?.write === 'function')
    .optional(),
});

export type ProgressBarOptions = z.input<typeof schema>;

type LoopKind = 'train' | 'sanity' | 'val' | 'test' | 'predict';

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
  /** Shown every so many batches: what was asked for, and what the environment asks for. */
  readonly refreshRate: number;
  readonly #options: z.output<typeof schema>;
  readonly #totals: Partial<Record<LoopKind, number>> = {};
  #renderer: ProgressRenderer | undefined;
  #enabled = true;
  #training: Loop | undefined;
  #evaluation: Loop | undefined;
  #loss: { dataSync(): ArrayLike<number> } | undefined;

  constructor(options: ProgressBarOptions = {}) {
    super();
    this.#options = checkOptions(this.constructor.name, schema, options);
    this.refreshRate = refreshRateIn(process.env, this.#options.refreshRate);
  }

  get isEnabled(): boolean {
    return this.#enabled && this.refreshRate > 0;
  }

  /** Batches of the current training epoch; Infinity if nobody knows, 0 before there is one. */
  get totalTrainBatches(): number {
    return this.#totals.train ?? 0;
  }

  /** Batches of the loader that is validated on; the same for the others. */
  get totalValBatches(): number {
    return this.#totals.val ?? 0;
  }

  get totalSanityBatches(): number {
    return this.#totals.sanity ?? 0;
  }

  get totalTestBatches(): number {
    return this.#totals.test ?? 0;
  }

  get totalPredictBatches(): number {
    return this.#totals.predict ?? 0;
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

  /** What is shown behind the bar: the logger's version and what was logged with `progBar`. Override it to show more. */
  getMetrics(trainer: Trainer): ShownMetrics {
    const version = trainer.loggers.find((logger) => logger.version !== undefined)?.version;
    return { ...(version === undefined ? {} : { v_num: String(version).slice(-4) }), ...trainer.progressBarMetrics };
  }

  /** How progress is shown: on a stream, or where this process shows things. Override it to show it otherwise. */
  protected makeRenderer(stream?: NodeJS.WriteStream): ProgressRenderer {
    if (!stream && displayHost().rich) return new NotebookRenderer();
    const chosen = stream ?? (process.stderr.isTTY ? process.stderr : process.stdout);
    return chosen.isTTY ? this.terminalRenderer(chosen) : new LineRenderer(chosen);
  }

  protected terminalRenderer(stream: NodeJS.WriteStream): ProgressRenderer {
    return new TerminalRenderer(stream);
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
    if (!loop || !this.isEnabled || trainer.status !== 'running') return;
    if (this.#options.leave || !this.#output.transient) this.#output.finish(this.#view(loop, this.getMetrics(trainer)));
    else this.#output.show([]);
  }

  override onValidationStart(trainer: Trainer): void {
    if (trainer.sanityChecking) this.#begin(trainer, 'sanity', 'Sanity Checking');
    else this.#begin(trainer, 'val', 'Validation');
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
    this.#begin(trainer, 'test', 'Testing');
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
    this.#begin(trainer, 'predict', 'Predicting');
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
    return (this.#renderer ??= this.makeRenderer(this.#options.stream));
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
    this.#totals.train = this.#training.total;
    this.#refresh(trainer, this.#training);
  }

  #begin(trainer: Trainer, kind: LoopKind, description: string): void {
    this.#evaluation = {
      description: `${description} DataLoader 0`,
      done: 0,
      total: trainer.numEvaluationBatches[0] ?? Infinity,
      began: performance.now(),
      before: 0,
    };
    this.#totals[kind] = this.#evaluation.total;
    this.#refresh(trainer, this.#evaluation);
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
    if (!this.isEnabled || (done % this.refreshRate !== 0 && done !== total) || !this.#output.due(performance.now()))
      return;
    const metrics = this.getMetrics(trainer);
    const loss = this.#loss?.dataSync()[0];
    const training = this.#training && this.#view(this.#training, loss === undefined ? metrics : { loss, ...metrics });
    const evaluation = this.#evaluation && this.#view(this.#evaluation, {});
    this.#output.show([training, evaluation].filter((view) => view !== undefined));
  }

  #view({ began, before, ...loop }: Loop, metrics: ShownMetrics): ProgressView {
    return { ...loop, elapsed: (performance.now() - began) / 1000, doneHere: loop.done - before, metrics };
  }
}

/** What tqdm's users set in the environment counts here, too; Colab's pages cannot take a line for each batch. */
export function refreshRateIn(environment: NodeJS.ProcessEnv, refreshRate: number): number {
  if (environment['COLAB_GPU'] !== undefined && refreshRate === 1) return 20;
  const atLeast = Number(environment['TQDM_MINITERS'] ?? 0);
  return Number.isInteger(atLeast) ? Math.max(atLeast, refreshRate) : refreshRate;
}
