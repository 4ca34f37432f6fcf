import util from 'node:util';
import { expect, it } from 'vitest';
import { installShims } from '../../../src/backend/native/shims.js';
import { explainFailure } from '../../../src/backend/native/failure.js';

it('the functions tfjs-node needs are there on every Node', () => {
  installShims();
  const shimmed = util as unknown as Record<string, (value: unknown) => boolean>;
  expect([null, undefined, 0, ''].map((value) => shimmed['isNullOrUndefined']!(value))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([[], {}].map((value) => shimmed['isArray']!(value))).toEqual([true, false]);
});

it('running out of memory is told from other failures, as TensorFlow reports them', () => {
  const oom = new Error(
    'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[300000,300000] and type float on ' +
      '/job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu',
  );
  expect(String(explainFailure('MatMul', oom))).toMatch(
    /MatMul failed[^]*out of memory \(OOM when.*\)[^]*smaller batch/,
  );
  const other = new Error('Invalid TF_Status: 3\nMessage: Incompatible shapes: [2] vs. [3]');
  expect(String(explainFailure('AddV2', other))).toMatch(/received: Incompatible shapes: \[2\] vs\. \[3\]/);
  const foreign = new Error('something else');
  expect(explainFailure('AddV2', foreign)).toBe(foreign);
});
