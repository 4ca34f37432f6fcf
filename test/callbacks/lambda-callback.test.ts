import { expect, it } from 'vitest';
import { LambdaCallback } from 'strobe';
import { HOOK_NAMES } from '../../src/trainer/hooks.js';
import { batches, quietTrainer, Scripted } from '../support/scripted.js';

it('a LambdaCallback calls each function where its hook is called, with the same arguments', async () => {
  const calls: unknown[] = [];
  const trainer = quietTrainer({
    maxEpochs: 1,
    callbacks: [
      new LambdaCallback({
        onTrainStart: (...args) => calls.push(['onTrainStart', args.length]),
        onTrainBatchEnd: (_trainer, _module, outputs, _batch, batchIdx) => calls.push([Object.keys(outputs), batchIdx]),
        onException: () => calls.push('exception'),
      }),
    ],
  });
  await trainer.fit(new Scripted(), batches(2));
  expect(calls).toEqual([
    ['onTrainStart', 2],
    [['loss'], 0],
    [['loss'], 1],
  ]);
});

it('takes every hook there is', () => {
  expect(() => new LambdaCallback(Object.fromEntries(HOOK_NAMES.map((name) => [name, () => {}])))).not.toThrow();
});

it.each([
  [{ onTrainStrat: () => {} }, 'there is no hook onTrainStrat'],
  [{ onTrainStart: 3 }, 'onTrainStart is not a function'],
])('refuses %o', (hooks, message) => expect(() => new LambdaCallback(hooks as never)).toThrow(message));
