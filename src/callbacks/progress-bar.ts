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
import { advance, epochLoop, evaluationLoop, viewOf, type Loop } from './progress/loop.js';
import { refreshRateIn } from './progress/refresh-rate.js';

const schema = z.strictObject({
  /** Show every so many batches, and the last one; 0 shows nothing. Renderers slow down further by themselves. */
  refreshRate: z.int().min(0).default(1),
  /** Keep a line of each epoch that has ended on a terminal; elsewhere lines are kept in any case. */
  leave: z.boolean().default(true),
  /**
   * Where to: bars on a terminal, else plain lines. Default: a notebook's display, else stderr if it is a terminal,
   * else stdout.
   */
  stream: z
    .custom<NodeJS.WriteStream>((value) => typeof (value as NodeJS.WriteStream | undefined)?.write === 'function')
    .optional(),
});

/** What ProgressBar takes. @interface */
export type ProgressBarOptions = z.input<typeof schema>;

type LoopKind = 'train' | 'sanity' | 'val' | 'test' | 'predict';

/** A run as it is watched: forks share their callbacks, and play in turn. */
interface Watch {
  renderer: ProgressRenderer;
  training?: Loop | undefined;
  evaluation?: Loop | undefined;
  /** Of the batch that was shown last. */
  loss?: number | undefined;
  /** Since when it stands, if it does. */
  since?: number | undefined;
  rest: () => void;
}

/** The time for which a run stood is not the loops' time. */
function goOn(watch: Watch): void {
  if (watch.since === undefined) return;
  const stood = performance.now() - watch.since;
  for (const loop of [watch.training, watch.evaluation]) if (loop) loop.began += stood;
  watch.since = undefined;
}

/** Shows how far the loops are, how fast, how long still, and the metrics. Clocks are the process's own, never saved. */
export class ProgressBar extends Callback {
  /** Shown every so many batches: what was asked for, and what the environment asks for. */
  readonly refreshRate: number;
  readonly #options: z.output<typeof schema>;
  readonly #totals: Partial<Record<LoopKind, number>> = {};
  readonly #watched = new WeakMap<Trainer, Watch>();
  #renderer: ProgressRenderer | undefined;
  #enabled = true;

  constructor(options: ProgressBarOptions = {}) {
    super();
    this.#options = checkOptions(this.constructor.name, schema, options);
    this.refreshRate = refreshRateIn(process.env, this.#options.refreshRate);
  }

  /** Whether it draws. */
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

  /** Batches of the sanity check. */
  get totalSanityBatches(): number {
    return this.#totals.sanity ?? 0;
  }

  /** Batches of the loader that is tested on. */
  get totalTestBatches(): number {
    return this.#totals.test ?? 0;
  }

  /** Batches of the loader that is predicted on. */
  get totalPredictBatches(): number {
    return this.#totals.predict ?? 0;
  }

  /** Draws again, after `disable`. */
  enable(): void {
    this.#enabled = true;
  }

  /** Draws nothing until `enable`. */
  disable(): void {
    this.#enabled = false;
  }

  /** Writes a line above the bars. */
  print(line: string): void {
    (this.#renderer ??= this.makeRenderer(this.#options.stream)).print(line);
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

  /** What draws on a terminal; a subclass gives another look. */
  protected terminalRenderer(stream: NodeJS.WriteStream): ProgressRenderer {
    return new TerminalRenderer(stream);
  }

  override setup(trainer: Trainer): void {
    if (this.isEnabled) trainer.printer = (line) => this.print(line);
  }

  override teardown(trainer: Trainer): void {
    const { status } = trainer;
    const watch = this.#watched.get(trainer);
    watch?.renderer.close?.(status === 'interrupted' || status === 'failed' ? status : 'done');
    if (watch) trainer.atRest.delete(watch.rest);
    this.#watched.delete(trainer);
    this.#renderer = undefined;
    trainer.printer = undefined;
  }

  override onTrainEpochStart(trainer: Trainer): void {
    this.#beginEpoch(trainer);
  }

  override onTrainBatchStart(trainer: Trainer): void {
    // A run that goes on in the middle of an epoch comes here first.
    if (!this.#of(trainer).training) this.#beginEpoch(trainer);
  }

  override onTrainBatchEnd(
    trainer: Trainer,
    _module: Module,
    outputs: StepOutputs,
    _batch: Batch,
    batchIdx: number,
  ): void {
    const { training } = this.#of(trainer);
    if (!training) return;
    training.done = batchIdx + 1;
    this.#refresh(trainer, training, outputs.loss);
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    const watch = this.#of(trainer);
    goOn(watch);
    const loop = watch.training;
    watch.training = undefined;
    if (!loop || !this.isEnabled || trainer.status !== 'running') return;
    const { renderer } = watch;
    if (this.#options.leave || !renderer.transient) renderer.finish(viewOf(loop, this.getMetrics(trainer)));
    else renderer.show([]);
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

  /** Runs that play in turn share a terminal; in a notebook each has a display of its own. */
  #of(trainer: Trainer): Watch {
    const known = this.#watched.get(trainer);
    if (known) return known;
    if (!this.#renderer || this.#renderer.separate) this.#renderer = this.makeRenderer(this.#options.stream);
    const renderer = this.#renderer;
    const rest = (): void => {
      goOn(watch);
      renderer.pause?.(this.#views(trainer));
      watch.since = performance.now();
    };
    const watch: Watch = { renderer, rest };
    this.#watched.set(trainer, watch);
    if (this.isEnabled) trainer.atRest.add(watch.rest);
    return watch;
  }

  #beginEpoch(trainer: Trainer): void {
    const training = epochLoop(trainer);
    this.#of(trainer).training = training;
    this.#totals.train = training.total;
    this.#refresh(trainer, training);
  }

  #begin(trainer: Trainer, kind: LoopKind, description: string): void {
    const evaluation = evaluationLoop(trainer, description);
    this.#of(trainer).evaluation = evaluation;
    this.#totals[kind] = evaluation.total;
    this.#refresh(trainer, evaluation);
  }

  #advance(trainer: Trainer, batchIdx: number, dataloaderIdx: number): void {
    const loop = this.#of(trainer).evaluation;
    if (!loop) return;
    advance(loop, trainer, batchIdx, dataloaderIdx);
    this.#refresh(trainer, loop);
  }

  /** A loop of its own leaves a line; one inside an epoch leaves none. */
  #end(trainer: Trainer): void {
    const watch = this.#of(trainer);
    goOn(watch);
    const loop = watch.evaluation;
    watch.evaluation = undefined;
    if (loop && this.isEnabled && trainer.stage !== 'fit' && trainer.status === 'running')
      watch.renderer.finish(viewOf(loop, this.getMetrics(trainer)));
  }

  #refresh(trainer: Trainer, { done, total }: Loop, loss?: StepOutputs['loss']): void {
    const watch = this.#of(trainer);
    goOn(watch);
    if (!this.isEnabled || (done % this.refreshRate !== 0 && done !== total)) return;
    if (!watch.renderer.due(performance.now())) return;
    // Reading it waits for the engine.
    if (loss) watch.loss = loss.dataSync()[0];
    watch.renderer.show(this.#views(trainer));
  }

  /** The loops that are under way, outermost first. */
  #views(trainer: Trainer): ProgressView[] {
    const { loss, training, evaluation } = this.#of(trainer);
    const metrics = this.getMetrics(trainer);
    return [
      training && viewOf(training, loss === undefined ? metrics : { loss, ...metrics }),
      evaluation && viewOf(evaluation, {}),
    ].filter((view) => view !== undefined);
  }
}
