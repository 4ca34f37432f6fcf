/** Modules, their parameters, and the metrics they log. Knows nothing of how a trainer runs them. */
export { DataModule } from './datamodule.js';
export { Module } from './module.js';
export type { LogOptions, Metrics, Reduce } from './metrics.js';
export { Parameter, parameter, type ParameterOptions } from './parameter.js';
export type { Buffer } from './walk.js';
