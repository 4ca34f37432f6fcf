/** The built-in callbacks. They see the trainer through its public interface only. */
export { type Duration } from './duration.js';
export { EarlyStopping, type EarlyStoppingOptions, type StoppingReason } from './early-stopping.js';
export { LambdaCallback, type LambdaHooks } from './lambda-callback.js';
export { LearningRateMonitor, type LearningRateMonitorOptions } from './learning-rate-monitor.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export { ModelSummary, type ModelSummaryOptions } from './model-summary.js';
export { OnExceptionCheckpoint, type OnExceptionCheckpointOptions } from './on-exception-checkpoint.js';
export { ProgressBar, type ProgressBarOptions } from './progress-bar.js';
export { Timer, type TimedStage, type TimerOptions } from './timer.js';
