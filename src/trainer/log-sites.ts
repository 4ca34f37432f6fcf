import type { LogSite } from '../module/metrics.js';

type Level = Pick<LogSite, 'level' | 'epochOnly'>;

const STEP: Level = { level: 'step', epochOnly: false };
const EPOCH: Level = { level: 'epoch', epochOnly: false };
const EPOCH_ONLY: Level = { level: 'epoch', epochOnly: true };
const NOWHERE: Level = { level: undefined, epochOnly: false };

/** Where `log` may be called, and whether a value logged there counts for its step or for its epoch by default. */
const SITES: Record<string, Level> = {
  ...all(STEP, [
    'trainingStep',
    'onTrainBatchStart',
    'onTrainBatchEnd',
    'onBeforeZeroGrad',
    'optimizerZeroGrad',
    'onBeforeBackward',
    'onAfterBackward',
    'onBeforeOptimizerStep',
    'optimizerStep',
    'configureGradientClipping',
  ]),
  ...all(EPOCH, ['validationStep', 'onValidationBatchStart', 'onValidationBatchEnd']),
  ...all(EPOCH, ['testStep', 'onTestBatchStart', 'onTestBatchEnd']),
  ...all(EPOCH_ONLY, ['onTrainStart', 'onTrainEpochStart', 'onTrainEpochEnd']),
  ...all(EPOCH_ONLY, ['onValidationStart', 'onValidationEpochStart', 'onValidationEpochEnd']),
  ...all(EPOCH_ONLY, ['onTestStart', 'onTestEpochStart', 'onTestEpochEnd']),
};

function all(level: Level, hooks: string[]): Record<string, Level> {
  return Object.fromEntries(hooks.map((hook) => [hook, level]));
}

/** @param hook camel-case name of the hook or step that is running. */
export function siteOf(hook: string): Pick<LogSite, 'hook' | 'level' | 'epochOnly'> {
  return { hook, ...(SITES[hook] ?? NOWHERE) };
}
