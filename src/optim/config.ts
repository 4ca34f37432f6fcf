import type { Optimizer } from './optimizer.js';
export interface LRScheduler {
  step(metric?: number): void;
  stateDict(): object;
  loadStateDict(s: never): void;
  optimizer: Optimizer;
}
export interface SchedulerConfig {
  scheduler: LRScheduler;
  interval: 'epoch' | 'step';
  frequency: number;
  monitor?: string;
  strict: boolean;
  name?: string;
}
export type OptimizerConfig = Optimizer | Optimizer[] | undefined;
export class ReduceLROnPlateau {}
export function normalizeOptimizers(config: OptimizerConfig): {
  optimizers: Optimizer[];
  schedulers: SchedulerConfig[];
  warnings: string[];
} {
  return {
    optimizers: config === undefined ? [] : Array.isArray(config) ? config : [config],
    schedulers: [],
    warnings: [],
  };
}
