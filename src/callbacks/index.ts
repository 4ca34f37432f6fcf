/** The built-in callbacks. They see the trainer through its public interface only. */
export { DeviceStatsMonitor, type DeviceStatsMonitorOptions } from './device-stats-monitor.js';
export { EarlyStopping, type EarlyStoppingOptions, type EarlyStoppingState } from './early-stopping.js';
export type { StoppingReason, Verdict } from './stopping/verdict.js';
export type { MonitorMode } from './monitor.js';
export { GradientMonitor, type GradientMonitorOptions } from './gradient-monitor.js';
export { LambdaCallback, type LambdaHooks } from './lambda-callback.js';
export { LearningRateMonitor, type LearningRateMonitorOptions } from './learning-rate-monitor.js';
export { MetricsHistory, type MetricsHistoryOptions, type MetricsRow } from './metrics-history.js';
export { ModelCheckpoint, type ModelCheckpointOptions, type ModelCheckpointState } from './model-checkpoint.js';
export { ModelSummary, type ModelSummaryOptions } from './model-summary.js';
export { OnExceptionCheckpoint, type OnExceptionCheckpointOptions } from './on-exception-checkpoint.js';
export { ParameterHistograms, type ParameterHistogramsOptions } from './parameter-histograms.js';
export { PredictionWriter, type PredictionWriterOptions } from './prediction-writer.js';
export { ProgressBar, type ProgressBarOptions } from './progress-bar.js';
export type { ProgressOutcome, ProgressRenderer } from '../display/progress/renderers.js';
export type { ProgressTheme } from '../display/progress/rich.js';
export type { ProgressView, ShownMetrics } from '../display/progress/text.js';
export { RichModelSummary } from './rich-model-summary.js';
export { RichProgressBar, type RichProgressBarOptions } from './rich-progress-bar.js';
export { ThroughputMonitor, type ThroughputMonitorOptions } from './throughput-monitor.js';
export { Timer, type TimedStage, type TimerOptions } from './timer.js';
export {
  BackboneFinetuning,
  BaseFinetuning,
  type BackboneFinetuningOptions,
  type Freezable,
  type FreezeOptions,
  type UnfreezeOptions,
} from './finetuning.js';
export { EMAWeightAveraging, type EMAWeightAveragingOptions } from './ema-weight-averaging.js';
export {
  GradientAccumulationScheduler,
  type GradientAccumulationSchedulerOptions,
} from './gradient-accumulation-scheduler.js';
export type { AverageFunction } from './average.js';
export {
  WeightAveraging,
  type AveragingMoment,
  type WeightAveragingOptions,
  type WeightAveragingState,
} from './weight-averaging.js';
export {
  StochasticWeightAveraging,
  type StochasticWeightAveragingOptions,
  type StochasticWeightAveragingState,
} from './stochastic-weight-averaging.js';
export {
  BatchSizeFinder,
  LearningRateFinder,
  type BatchSizeFinderOptions,
  type LearningRateFinderOptions,
} from '../tuner/index.js';
