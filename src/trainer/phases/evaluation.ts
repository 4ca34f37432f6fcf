import { ContractError, StrobeError } from '../../errors.js';
import { scoped } from '../../tensors/scope.js';
import { log, report } from '../reporting.js';
import type { Loop, Session } from '../session.js';
import { transferred } from './batches.js';
import { evaluationSourcesFor } from './loaders.js';

type Evaluation = Exclude<Loop, 'train'>;

const STEPS = {
  sanity: 'validationStep',
  validate: 'validationStep',
  test: 'testStep',
  predict: 'predictStep',
} as const;
const MODE_HOOKS = {
  sanity: ['onValidationModelEval', 'onValidationModelTrain'],
  validate: ['onValidationModelEval', 'onValidationModelTrain'],
  test: ['onTestModelEval', 'onTestModelTrain'],
  predict: ['onPredictModelEval', 'onPredictModelTrain'],
} as const;

/** Finds the loaders and starts at the first batch of the first one. */
export function loaders(kind: Evaluation) {
  return async (s: Session): Promise<void> => {
    s.loop = kind;
    s.progress.evaluation = { dataloaderIdx: 0, batchIdx: 0, modes: [] };
    s.metrics.evaluation.reset();
    s.results = [];
    s.predictions = [];
    await evaluationSourcesFor(s, 0, 0);
    passOverEmpty(s);
  };
}

export function hasBatches(s: Session): boolean {
  return s.numEvaluationBatches.some((count) => count > 0) && hasNextBatch(s);
}

/** Evaluation sees the model as it predicts: dropout off, BatchNorm on its moving statistics. */
export function modelEval(kind: Evaluation) {
  return (s: Session): void => {
    const [hook] = MODE_HOOKS[kind];
    s.progress.evaluation.modes = s.modes();
    if (s.module[hook]) s.at(hook, () => s.module[hook]?.());
    else s.module.train(false);
  };
}

/** Every module goes back to the mode it was in; what was frozen stays so. */
export function modelTrain(kind: Evaluation) {
  return (s: Session): void => {
    const [, hook] = MODE_HOOKS[kind];
    if (s.module[hook]) s.at(hook, () => s.module[hook]?.());
    else s.setModes(s.progress.evaluation.modes);
  };
}

export function hasNextBatch(s: Session): boolean {
  const { dataloaderIdx } = s.progress.evaluation;
  return dataloaderIdx < s.evaluationSources.length;
}

/** Moves on to the next loader that still has something. */
function passOverEmpty(s: Session): void {
  const { evaluation } = s.progress;
  for (;;) {
    const source = s.evaluationSources[evaluation.dataloaderIdx];
    if (!source) return;
    const count = s.numEvaluationBatches[evaluation.dataloaderIdx] ?? 0;
    if (evaluation.batchIdx < count && !source.exhausted) return;
    evaluation.dataloaderIdx += 1;
    evaluation.batchIdx = 0;
  }
}

export async function fetch(s: Session): Promise<void> {
  const { dataloaderIdx } = s.progress.evaluation;
  const source = s.evaluationSources[dataloaderIdx];
  if (!source) throw new Error(`There is no evaluation loader ${dataloaderIdx}.`);
  s.metricLevel = 'step';
  const { batch, owned } = await source.take();
  s.hands.batch = transferred(s, batch, dataloaderIdx);
  s.hands.batchTensors = owned;
}

/** Calls the step of the loop; tensors that it makes and does not return are disposed. */
export function step(kind: Evaluation) {
  const name = STEPS[kind];
  return (s: Session): void | Promise<void> => {
    const { module, hands } = s;
    const { batchIdx, dataloaderIdx } = s.progress.evaluation;
    if (!module[name]) throw missing(s, name);
    const { result, owned } = scoped(name, () =>
      s.at(name, () => module[name]?.(hands.batch, batchIdx, dataloaderIdx)),
    );
    const hold = (outputs: unknown): void => {
      hands.outputs = outputs;
      if (kind !== 'predict') {
        hands.outputTensors = owned;
        return;
      }
      // Predictions are what the caller asked for: they are theirs to dispose.
      (s.predictions[dataloaderIdx] ??= []).push(outputs);
    };
    return result instanceof Promise ? result.then(hold) : hold(result);
  };
}

export async function endBatch(s: Session): Promise<void> {
  const { progress } = s;
  const { dataloaderIdx } = progress.evaluation;
  const seen = progress.validationBatches;
  if (s.loop === 'validate' && s.stage === 'fit') {
    await report(s, 'step', seen[dataloaderIdx] ?? 0);
    seen[dataloaderIdx] = (seen[dataloaderIdx] ?? 0) + 1;
  } else await report(s, 'step', progress.evaluation.batchIdx);
  s.emptyHands();
  progress.evaluation.batchIdx += 1;
  passOverEmpty(s);
}

export function closeMetrics(s: Session): void {
  s.metricLevel = 'epoch';
}

/** The epoch's metrics go out once, as one record. */
export async function logMetrics(s: Session): Promise<void> {
  if (s.loop === 'sanity') return;
  const { callback, logger, progressBar } = s.collection.epoch();
  s.trainer.keepMetrics({ callback, progressBar });
  s.results = s.evaluationSources.map((_, dataloaderIdx) => s.collection.epoch(dataloaderIdx).callback);
  await log(s, logger, s.stage === 'fit' ? Math.max(0, s.progress.steppedBatches - 1) : s.progress.globalStep);
}

export function leave(s: Session): void {
  s.loop = s.stage === 'fit' ? 'train' : s.stage;
  s.metricLevel = s.stage === 'fit' && !s.progress.epochComplete ? 'step' : undefined;
  s.metrics.evaluation.reset();
  // Training stands in no evaluation: what it draws is the same however much was evaluated before.
  s.progress.evaluation = { dataloaderIdx: 0, batchIdx: 0, modes: [] };
}

export function zeroGradForValidation(s: Session): void {
  // Between the batches of an accumulation window the gradients are still needed.
  if (s.progress.window.gathered > 0) return;
  if (s.module.onValidationModelZeroGrad)
    s.at('onValidationModelZeroGrad', () => s.module.onValidationModelZeroGrad?.());
  else s.module.zeroGrad();
}

function missing(s: Session, step: string): ContractError {
  return new ContractError(
    StrobeError.compose(`${s.module.constructor.name} cannot do this: it has no ${step}.`, {
      expected: `a method ${step}(batch, batchIdx)`,
      received: 'none',
      hint: `define ${step}, e.g. ${step}(batch) { this.log('val_loss', this.loss(batch)); }`,
    }),
  );
}
