import type * as tf from '@tensorflow/tfjs';
import { expectTypeOf, it } from 'vitest';
import type { EventOf, HookName, Run, RunEvent } from 'strobe';

it('events are told apart by their hook', () => {
  expectTypeOf<EventOf<'onTrainBatchEnd'>['loss']>().toEqualTypeOf<tf.Scalar>();
  expectTypeOf<EventOf<'onAfterBackward'>['gradients']>().toEqualTypeOf<Record<string, tf.Tensor>>();
  expectTypeOf<Extract<RunEvent, { hook: 'onTrainBatchStart' }>['batchIdx']>().toEqualTypeOf<number>();

  expectTypeOf<RunEvent['hook']>().toEqualTypeOf<HookName>();
  expectTypeOf<EventOf<'onTrainStart'>>().not.toHaveProperty('batch');
  expectTypeOf<EventOf<'onValidationBatchEnd'>['dataloaderIdx']>().toEqualTypeOf<number>();
  expectTypeOf<Run['step']>().returns.resolves.toEqualTypeOf<EventOf<'onTrainBatchEnd'> | undefined>();
  expectTypeOf<Run['next']>().returns.resolves.toEqualTypeOf<RunEvent | undefined>();
});

it('a predicate and a listener know the event of the hook they are for', () => {
  const use = (run: Run) => {
    run.on({ hook: 'onAfterBackward', every: 50 }, (event) => expectTypeOf(event.gradients).toBeObject());
    // @ts-expect-error there is no such hook
    run.on({ hook: 'onBackward' }, () => {});
    // @ts-expect-error an epoch has no loss
    run.break('onTrainEpochEnd', (event) => event.loss !== undefined);
    return run.until('onTrainBatchEnd', (event) => (event.loss.dataSync()[0] ?? 0) > 3);
  };
  expectTypeOf(use).returns.resolves.toEqualTypeOf<EventOf<'onTrainBatchEnd'> | undefined>();
});

it('a switch over the hook narrows an event', () => {
  const losses = (event: RunEvent): number => {
    switch (event.hook) {
      case 'onBeforeBackward':
      case 'onTrainBatchEnd':
        return event.loss.size;
      default:
        return 0;
    }
  };
  expectTypeOf(losses).toBeFunction();
});
