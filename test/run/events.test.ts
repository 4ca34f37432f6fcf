import type * as tf from '@tensorflow/tfjs';
import { expectTypeOf, it } from 'vitest';
import { type EventOf, type RunEvent } from 'strobe';

it('events are told apart by their hook', () => {
  expectTypeOf<EventOf<'onTrainBatchEnd'>['loss']>().toEqualTypeOf<tf.Scalar>();
  expectTypeOf<EventOf<'onAfterBackward'>['gradients']>().toEqualTypeOf<Record<string, tf.Tensor>>();
  expectTypeOf<Extract<RunEvent, { hook: 'onTrainBatchStart' }>['batchIdx']>().toEqualTypeOf<number>();
});
