/** Strobe's public names. */
import { startQuietly } from './backend/cpu.js';
import './display/views/install.js';

startQuietly();

export { listEngines, useBackend, type EngineChoice, type EngineReport, type EngineStatus } from './backend/index.js';
export * from './data/index.js';
export {
  CheckpointError,
  ConfigurationError,
  ContractError,
  DataError,
  StrobeError,
  type ErrorParts,
} from './errors.js';
export * from './loggers/index.js';
export * from './module/index.js';
export * from './optim/index.js';
export * from './profilers/index.js';
export { seedEverything } from './random/index.js';
export { Run, type EventFilter, type RunStatus } from './run/run.js';
export type { RunOptions } from './run/options.js';
export type { WayBack } from './run/way-back.js';
export type { Breakpoint } from './run/breakpoints.js';
export type { JournalEntry } from './run/journal.js';
export type { Snapshot } from './trainer/state.js';
export type { Outcome } from './trainer/runner.js';
export type { EventOf, Position, RunEvent } from './run/events.js';
export { Callback, CallbackList, type CallbackKind } from './trainer/callback.js';
export type { Duration } from './trainer/duration.js';
export { HOOK_NAMES } from './trainer/hooks.js';
export type { CallbackHooks } from './trainer/hook-methods.js';
export type { DataInput } from './trainer/data-connector.js';
export type { Batch, EventExtras, HookData, HookName, Stage, StepOutputs } from './trainer/hooks.js';
export { Trainer, type FitResult, type TrainerStatus } from './trainer/trainer.js';
export type { FitOptions, TrainOptions } from './trainer/calls.js';
export type { MetricRow } from './trainer/metric-history.js';
export type { Checkpoint } from './checkpoint/checkpoint.js';
export { readCheckpoint } from './checkpoint/store.js';
export { compareRuns, Comparison, type CompareOptions } from './display/compare.js';
export type { Limits } from './trainer/limits.js';
export type { TrainerOptions } from './trainer/options.js';
export * from './callbacks/index.js';
export * from './tuner/index.js';
