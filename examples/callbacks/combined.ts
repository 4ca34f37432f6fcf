import { DeviceStatsMonitor, EarlyStopping, LearningRateMonitor, ModelCheckpoint, Trainer } from 'strobe';
import { MetricsLogger } from './metrics-logger.js';
import { MultiStageTraining } from './multi-stage.js';
import { Spirals, spirals } from './spirals.js';

/** Callbacks know nothing of each other: any of them can be added, left out, or put elsewhere in the list. */
export default ({ epochs = 8, rootDir = process.cwd() } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({
    maxEpochs: epochs,
    seed: 1,
    defaultRootDir: rootDir,
    logEveryNSteps: 2,
    callbacks: [
      new ModelCheckpoint({ monitor: 'val_loss', mode: 'min', saveTopK: 3 }),
      new EarlyStopping({ monitor: 'val_loss', mode: 'min', patience: 10 }),
      new LearningRateMonitor({ loggingInterval: 'step' }),
      new DeviceStatsMonitor(),
      new MultiStageTraining([4]),
      new MetricsLogger(),
    ],
  }),
});
