export type { Algorithm, Buffers, Hyperparameters, Scalars } from './algorithm.js';
export type { GroupsOf, ParamGroup, ParamGroupOptions } from './groups.js';
export { Optimizer } from './optimizer.js';
export type { GroupState, OptimizerState } from './state.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions } from './adam.js';
export { AdamW } from './adamw.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
export { LRScheduler, type SchedulerState } from './lr/scheduler.js';
export { ScheduledLR, type Moment, type Schedule } from './lr/scheduled.js';
export { ConstantLR, type ConstantLROptions } from './lr/constant.js';
export { CosineAnnealingLR, type CosineAnnealingLROptions } from './lr/cosine-annealing.js';
export {
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './lr/cosine-annealing-warm-restarts.js';
export { CyclicLR, type CyclicLROptions, type ScaleFn } from './lr/cyclic.js';
export { ExponentialLR, type ExponentialLROptions } from './lr/exponential.js';
export { LambdaLR, type LambdaLROptions, type LrLambda } from './lr/lambda.js';
export { LinearLR, type LinearLROptions } from './lr/linear.js';
export { MultiStepLR, type MultiStepLROptions } from './lr/multi-step.js';
export { OneCycleLR, type OneCycleLROptions } from './lr/one-cycle.js';
export { PolynomialLR, type PolynomialLROptions } from './lr/polynomial.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './lr/reduce-on-plateau.js';
export { SequentialLR, type SequentialLROptions } from './lr/sequential.js';
export { StepLR, type StepLROptions } from './lr/step.js';
export {
  normalizeOptimizers,
  type NormalizedOptimizers,
  type NormalizeOptions,
  type OptimizerConfig,
  type ScheduledOptimizer,
  type ScheduledOptimizers,
  type SchedulerConfig,
  type SchedulerOptions,
} from './config.js';
