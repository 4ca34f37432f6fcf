import * as setup from './phases/setup.js';
import * as epoch from './phases/epoch.js';
import * as batch from './phases/train-batch.js';
import { sizeWindow, startsWindow } from './phases/window.js';
import { evaluation, zeroGradForValidation } from './evaluate.js';
import type { HookName } from './hooks.js';
import { compile, vocabulary } from './program.js';
import type { Session } from './session.js';

const { hook, act, attempt, when, loop, scope } = vocabulary<Session, HookName>();

/** One training batch, from loader to optimizer. */
const trainBatch = [
  act('fetchBatch', batch.fetch),
  hook('onTrainBatchStart'),
  when(
    'batch was not refused',
    batch.accepted,
    act('sizeWindow', sizeWindow),
    attempt('trainingStep', batch.forward, batch.isAutomatic),
    when('gradients start anew', startsWindow, hook('onBeforeZeroGrad'), act('optimizerZeroGrad', batch.zeroGrad)),
    when(
      'there is a loss',
      batch.hasLoss,
      hook('onBeforeBackward'),
      attempt('backward', batch.backward),
      hook('onAfterBackward'),
    ),
    when(
      'an update is due',
      batch.updates,
      hook('onBeforeOptimizerStep'),
      act('configureGradientClipping', batch.clipGradients),
      act('optimizerStep', batch.update),
    ),
    act('lrSchedulerStep', batch.stepSchedulers),
    hook('onTrainBatchEnd'),
  ),
  act('endBatch', batch.end),
  when('validation is due', batch.validationDue, act('zeroGrad', zeroGradForValidation), ...evaluation('validate')),
  act('plateauSchedulers', batch.stepPlateauSchedulers),
];

/** One epoch. */
const trainEpoch = [
  act('beginEpoch', epoch.begin),
  scope('epoch', {
    enter: [hook('onTrainEpochStart')],
    body: [loop('batch', epoch.hasNextBatch, ...trainBatch), act('closeMetrics', epoch.closeMetrics)],
    exit: [hook('onTrainEpochEnd')],
  }),
  act('endEpoch', epoch.end),
];

/** All epochs. */
export const training = scope('train', {
  reenter: true,
  enter: [act('trainDataloader', setup.trainDataloader), hook('onTrainStart')],
  body: [loop('epochs', epoch.hasNextEpoch, ...trainEpoch)],
  exit: [hook('onTrainEnd')],
});

/** What `trainer.fit` does. The hooks of the semantics are all here, in their order; everything else is in phases/. */
export const fit = compile<Session, HookName>('fit', [
  act('configureCallbacks', setup.configureCallbacks),
  act('prepareData', setup.prepareData),
  scope('fit', {
    reenter: true,
    enter: [
      act('setupData', setup.setupData),
      hook('setup'),
      act('configureModel', setup.configureModel),
      act('loadCheckpoint', setup.loadCheckpoint),
      act('configureOptimizers', setup.configureOptimizers),
      act('refuseEndless', setup.refuseEndless),
    ],
    body: [
      scope('fitting', {
        reenter: true,
        enter: [hook('onFitStart'), act('restore', setup.restore), act('zeroGrad', setup.zeroGrad)],
        body: [
          when(
            'sanity check',
            setup.wantsSanityCheck,
            scope('sanityCheck', {
              enter: [hook('onSanityCheckStart')],
              body: evaluation('sanity'),
              exit: [hook('onSanityCheckEnd')],
            }),
          ),
          training,
        ],
        exit: [hook('onFitEnd')],
      }),
    ],
    exit: [act('teardownData', setup.teardownData), hook('teardown'), act('finalizeLoggers', setup.finalizeLoggers)],
  }),
]);
