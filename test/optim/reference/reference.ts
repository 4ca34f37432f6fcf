import { readFileSync } from 'node:fs';

type Options = Record<string, unknown>;
type Values = Record<string, number[]>;

export interface OptimizerCase {
  optimizer: 'SGD' | 'Adam' | 'AdamW' | 'RMSprop' | 'Adagrad';
  options: Options;
  /** Options per parameter, each in its own group; null for one group. */
  groups: Record<string, Options> | null;
  lrFrom51: number | null;
  /** Parameter values after a step. */
  values: Record<string, Values>;
}

export interface SchedulerCase {
  scheduler: string;
  options: Options;
  optimizer: 'SGD' | 'Adam';
  /** Learning rates written into the first group before a step. */
  pokes: Record<string, number>;
  metrics?: number[];
  /** One row per step, one column per group; the first row is before any step. */
  lrs: number[][];
  momenta?: number[][];
}

interface Reference {
  optimizers: OptimizerCase[];
  schedulers: SchedulerCase[];
  chained: { schedulers: [string, Options][]; lrs: number[][] };
}

/** What make_reference.py saw PyTorch do. */
export const reference = JSON.parse(readFileSync(new URL('torch.json', import.meta.url), 'utf8')) as Reference;
