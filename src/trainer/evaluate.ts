import * as phases from './phases/evaluation.js';
import * as setup from './phases/setup.js';
import type { HookName } from './hooks.js';
import { compile, vocabulary, type Phase } from './program.js';
import type { Loop, Session } from './session.js';

export { zeroGradForValidation } from './phases/evaluation.js';

const { hook, act, when, loop, scope } = vocabulary<Session, HookName>();

type Evaluation = Exclude<Loop, 'train'>;
type Word = 'Validation' | 'Test' | 'Predict';

const WORDS: Record<Evaluation, Word> = {
  sanity: 'Validation',
  validate: 'Validation',
  test: 'Test',
  predict: 'Predict',
};

/** A pass over the evaluation loaders, one after the other: the same for all four loops, with their own hooks and step. */
export function evaluation(kind: Evaluation): Phase<Session, HookName>[] {
  const word = WORDS[kind];
  const on = (when: `${'Epoch' | 'Batch' | ''}${'Start' | 'End'}`) => hook(`on${word}${when}`);
  return [
    act(`${word.toLowerCase()}Dataloader`, phases.loaders(kind)),
    when(
      `${kind} has batches`,
      phases.hasBatches,
      scope(kind, {
        enter: [act('modelEval', phases.modelEval(kind)), on('Start')],
        body: [
          scope('epoch', {
            enter: [on('EpochStart')],
            body: [
              loop(
                'batch',
                phases.hasNextBatch,
                act('fetchBatch', phases.fetch),
                on('BatchStart'),
                act(`${word.toLowerCase()}Step`, phases.step(kind)),
                on('BatchEnd'),
                act('endBatch', phases.endBatch),
              ),
              act('closeMetrics', phases.closeMetrics),
            ],
            exit: [on('EpochEnd')],
          }),
          act('logMetrics', phases.logMetrics),
        ],
        exit: [on('End'), act('modelTrain', phases.modelTrain(kind))],
      }),
    ),
    act('leaveLoop', phases.leave),
  ];
}

function standalone(stage: 'validate' | 'test' | 'predict') {
  return compile<Session, HookName>(stage, [
    act('configureCallbacks', setup.configureCallbacks),
    act('prepareData', setup.prepareData),
    scope(stage, {
      reenter: true,
      enter: [
        act('setupData', setup.setupData),
        hook('setup'),
        act('configureModel', setup.configureModel),
        act('loadCheckpoint', setup.loadCheckpoint),
        act('zeroGrad', setup.zeroGrad),
      ],
      body: evaluation(stage),
      exit: [act('teardownData', setup.teardownData), hook('teardown'), act('finalizeLoggers', setup.finalizeLoggers)],
    }),
  ]);
}

/** What `trainer.validate`, `test` and `predict` do. */
export const validate = standalone('validate');
export const test = standalone('test');
export const predict = standalone('predict');
