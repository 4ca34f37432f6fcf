import { appendFileSync, copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import { encodePng } from '../../display/figure/png-file.js';
import type { Picture } from '../../display/figure/spec.js';
import { ContractError, describe, StrobeError } from '../../errors.js';
import type { Metrics } from '../../module/metrics.js';
import { checkOptions, COUNT, FLAG, TEXT } from '../../options.js';
import { LogFolder, type FolderOptions } from '../folder.js';
import { flattened, toYaml } from '../hparams.js';
import type { FinalStatus, Logger } from '../logger.js';
import { FOLDER } from '../options.js';
import {
  experiment,
  restartEvent,
  sessionEnd,
  sessionStart,
  summaryEvent,
  versionEvent,
  type Value,
} from './events.js';
import { histogramOf } from './histogram.js';
import { frame } from './records.js';

/** What TensorBoardLogger takes. */
export interface TensorBoardLoggerOptions extends FolderOptions {
  /** Put before every metric's name, with a dash. */
  prefix?: string;
  /** Folder below the version's, for several loggers of one run. */
  subDir?: string;
  /** A metric `hp_metric` of -1 beside the hyper-parameters, so that the HParams page has a column. Default true. */
  defaultHpMetric?: boolean;
  /** Histograms of parameters and gradients every so many optimizer steps. Default 0: none. */
  logHistograms?: number;
  /** Events are kept in memory until there are this many. Default 100. */
  maxQueue?: number;
}

const OPTIONS = {
  ...FOLDER,
  prefix: TEXT,
  subDir: TEXT,
  defaultHpMetric: FLAG,
  logHistograms: COUNT,
  maxQueue: COUNT,
};

let files = 0;

/**
 * Writes event files that TensorBoard opens: `tensorboard --logdir lightning_logs`. Scalars come from `log`; text, histograms
 * and images from the methods here.
 */
export class TensorBoardLogger implements Logger {
  readonly groupSeparator = '/';
  readonly #options: TensorBoardLoggerOptions;
  readonly #folder: LogFolder;
  #path: string | undefined;
  #queue: Buffer[] = [];
  #hparams: Record<string, unknown> = {};
  /** The last step that anything was written for. */
  #step = -1;
  #begun = false;

  /** @throws ConfigurationError for an option that is wrong or unknown */
  constructor(options: TensorBoardLoggerOptions = {}) {
    checkOptions('new TensorBoardLogger', options, OPTIONS);
    this.#options = options;
    this.#folder = new LogFolder(options);
  }

  get name(): string {
    return this.#folder.name;
  }

  /** Chosen when it is first asked for. */
  get version(): string | number {
    return this.#folder.version;
  }

  get saveDir(): string {
    return this.#folder.saveDir;
  }

  get logDir(): string {
    return this.#folder.path;
  }

  get prefix(): string {
    return this.#options.prefix ?? '';
  }

  get logHistograms(): number {
    return this.#options.logHistograms ?? 0;
  }

  /** The event file. */
  get path(): string {
    if (this.#path) return this.#path;
    const { subDir = '' } = this.#options;
    const folder = subDir ? new LogFolder({ saveDir: this.logDir, name: '', version: subDir }).path : this.logDir;
    const name = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${files++}`;
    this.#path = join(folder, name);
    writeFileSync(this.#path, frame(versionEvent(now())));
    return this.#path;
  }

  logMetrics(metrics: Metrics, step: number): void {
    const { prefix } = this.#options;
    const values = Object.entries(metrics).map(([key, scalar]) => ({ tag: prefix ? `${prefix}-${key}` : key, scalar }));
    this.#begin(step);
    this.#write(values, step);
  }

  logHyperparams(hparams: Record<string, unknown>): void {
    if (Object.keys(hparams).length === 0) return;
    Object.assign(this.#hparams, hparams);
    this.#writeYaml();
    const flat = flattened(this.#hparams);
    this.#write(
      [
        { tag: '_hparams_/experiment', hparams: experiment(flat, ['hp_metric']) },
        { tag: '_hparams_/session_start_info', hparams: sessionStart(now(), flat) },
      ],
      0,
    );
    if (this.#options.defaultHpMetric ?? true) this.#write([{ tag: 'hp_metric', scalar: -1 }], 0);
  }

  /** Text in Markdown. */
  logText(tag: string, text: string, step: number): void {
    this.#write([{ tag, text }], step);
  }

  /** How the values of a tensor, or of an array, are spread. */
  logHistogram(tag: string, values: tf.Tensor | ArrayLike<number>, step: number): void {
    const numbers = 'dataSync' in values ? (values.dataSync() as ArrayLike<number>) : values;
    this.#write([{ tag, histogram: histogramOf(numbers) }], step);
  }

  /**
   * A picture.
   *
   * @param image pixels, or a tensor of shape [height, width], [height, width, 1] or [height, width, 3] with values from 0 to 1
   */
  logImage(tag: string, image: Picture | tf.Tensor, step: number): void {
    const picture = 'rgba' in image ? image : pictureOf(image);
    const { width, height } = picture;
    this.#write([{ tag, image: { width, height, png: encodePng(picture) } }], step);
  }

  /** Writes out what is kept in memory. */
  save(): void {
    if (this.#queue.length === 0) return;
    appendFileSync(this.path, Buffer.concat(this.#queue));
    this.#queue = [];
  }

  /** How the run ended is written with the hyper-parameters, for runs that have any. */
  finalize(status: FinalStatus): void {
    if (Object.keys(this.#hparams).length > 0) {
      const end = sessionEnd(now(), status === 'success');
      this.#write([{ tag: '_hparams_/session_end_info', hparams: end }], Math.max(0, this.#step));
    }
    this.save();
  }

  /** In another folder, with the events and hyper-parameters there are so far. */
  fork(): TensorBoardLogger {
    this.save();
    const { version: _taken, ...options } = this.#options;
    const copy = new TensorBoardLogger(options);
    if (this.#path && existsSync(this.#path)) copyFileSync(this.#path, copy.path);
    copy.#step = this.#step;
    copy.#hparams = { ...this.#hparams };
    if (Object.keys(copy.#hparams).length > 0) copy.#writeYaml();
    return copy;
  }

  stateDict(): { step: number } {
    return { step: this.#step };
  }

  /** Goes back: readers are told to forget everything after that step. */
  loadStateDict({ step }: { step: number }): void {
    if (step >= this.#step) return;
    this.#step = step;
    this.#push(restartEvent(now(), step + 1));
  }

  /** What an earlier run has written in the same version for this step and later no longer counts. */
  #begin(step: number): void {
    if (this.#begun) return;
    this.#begun = true;
    const from = Math.max(step, this.#step + 1);
    if (from > 0) this.#push(restartEvent(now(), from));
  }

  #writeYaml(): void {
    writeFileSync(join(this.logDir, 'hparams.yaml'), toYaml(this.#hparams));
  }

  #write(values: readonly Value[], step: number): void {
    if (values.length === 0) return;
    this.#step = Math.max(this.#step, step);
    this.#push(summaryEvent(now(), step, values));
  }

  #push(event: Uint8Array): void {
    this.#queue.push(frame(event));
    if (this.#queue.length >= (this.#options.maxQueue ?? 100)) this.save();
  }
}

/** Seconds since 1970, as event files have them. */
function now(): number {
  return Date.now() / 1000;
}

function pictureOf(tensor: tf.Tensor): Picture {
  const [height = 0, width = 0, channels = 1] = tensor.shape;
  if (![2, 3].includes(tensor.rank) || ![1, 3].includes(channels)) {
    throw new ContractError(
      StrobeError.compose('logImage cannot make a picture of this tensor.', {
        expected: 'a tensor of shape [height, width], [height, width, 1] or [height, width, 3]',
        received: describe(tensor),
        hint: 'take one picture of a batch, and turn its channels to the end',
      }),
    );
  }
  const values = tensor.dataSync();
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const value = values[i * channels + (channels === 1 ? 0 : c)] ?? 0;
      rgba[i * 4 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
    rgba[i * 4 + 3] = 255;
  }
  return { width, height, rgba };
}
