/** The built-in callbacks. They see the trainer through its public interface only. */
export { EarlyStopping, type EarlyStoppingOptions, type StoppingReason } from './early-stopping.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export { ModelSummary, type ModelSummaryOptions } from './model-summary.js';
export { ProgressBar, type ProgressBarOptions } from './progress-bar.js';
