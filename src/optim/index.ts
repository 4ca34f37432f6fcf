export type { Algorithm, Buffers, Hyperparameters, Scalars } from './algorithm.js';
export type { GroupsOf, ParamGroup, ParamGroupOptions } from './groups.js';
export { Optimizer } from './optimizer.js';
export type { GroupState, OptimizerState } from './state.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions } from './adam.js';
export { AdamW } from './adamw.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { SGD, type SGDOptions } from './sgd.js';
