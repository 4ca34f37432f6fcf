import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll } from 'vitest';
import {
  ModelCheckpoint,
  ModelSummary,
  Module,
  parameter,
  ProgressBar,
  SGD,
  Trainer,
  type Callback,
  type OptimizerConfig,
  type TrainerOptions,
} from 'strobe';

/** A module whose metrics are given beforehand, one value for each epoch; the last one lasts. */
export class Scripted extends Module {
  readonly w = parameter(tf.scalar(1));
  readonly training_: Record<string, number[]>;
  readonly validation: Record<string, number[]>;
  /** Validations so far: their metrics are counted by this, training's by the epoch. */
  validations = 0;

  constructor(metrics: { train?: Record<string, number[]>; val?: Record<string, number[]> } = {}) {
    super();
    this.training_ = metrics.train ?? {};
    this.validation = metrics.val ?? {};
  }

  override trainingStep(batch: tf.Tensor): tf.Scalar {
    for (const [name, values] of Object.entries(this.training_)) this.log(name, at(values, this.currentEpoch));
    return tf.mean(tf.mul(batch, this.w.variable));
  }
  override validationStep(): void {
    if (this.trainer.sanityChecking) return;
    for (const [name, values] of Object.entries(this.validation)) this.log(name, at(values, this.validations));
  }
  override onValidationEnd(): void {
    if (!this.trainer.sanityChecking) this.validations += 1;
  }
  override configureOptimizers(): OptimizerConfig {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

function at(values: number[], i: number): number {
  return values[Math.min(i, values.length - 1)] as number;
}

export const batches = (count: number) => Array.from({ length: count }, () => tf.ones([2]));

/** A trainer that shows and saves nothing but what a test asks for. */
export function quietTrainer(options: TrainerOptions = {}): Trainer {
  const has = (type: abstract new (...args: never[]) => Callback) =>
    options.callbacks?.some((callback) => callback instanceof type) ?? false;
  return new Trainer({
    backend: 'cpu',
    logger: false,
    enableProgressBar: has(ProgressBar),
    enableModelSummary: has(ModelSummary),
    enableCheckpointing: has(ModelCheckpoint),
    ...options,
  });
}

/** A folder that is gone when the tests of a file are over. */
export function scratchFolder(): (name?: string) => string {
  const root = mkdtempSync(join(tmpdir(), 'strobe-'));
  let count = 0;
  afterAll(async () => rm(root, { recursive: true, force: true }));
  return (name = String(count++)) => join(root, name);
}

export interface OracleCase {
  id: string;
  // The cases differ in shape: each test knows its own.
  given: Record<string, unknown>;
  expect: Record<string, unknown>;
}

/** The peer's recorded cases. */
export async function oracles(file: string): Promise<OracleCase[]> {
  return JSON.parse(await readFile(new URL(`../oracles/${file}.json`, import.meta.url), 'utf8')) as OracleCase[];
}

/** `save_top_k` -> `saveTopK`, in all keys of a record. */
export function camelKeys(record: Record<string, unknown>): Record<string, unknown> {
  const camel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [camel(key), value]));
}

/** A number as the cases write it. */
export function numberOf(text: unknown): number {
  return Number(String(text).replace(/inf$/, 'Infinity').replace('nan', 'NaN'));
}
