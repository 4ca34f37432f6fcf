import { expect, it } from 'vitest';
import { EarlyStopping, GradientMonitor, StochasticWeightAveraging, Trainer } from 'strobe';

const trainer = (options: object) => () => new Trainer({ maxEpochs: 1, ...options });

it.each([
  [trainer({ maxEpochs: '3' }), 'a number', '"3"'],
  [trainer({ seed: 1.5 }), 'a whole number', '1.5'],
  [trainer({ maxEpochs: -2 }), 'a number of at least -1', '-2'],
  [trainer({ callbacks: {} }), 'an array', '{  }'],
  [trainer({ logger: 'csv' }), 'true or false, or an object with logMetrics(metrics, step), or an array', '"csv"'],
  [trainer({ backend: 'tpu' }), '"auto" or "gpu" or "onnx" or "native" or "wasm" or "cpu"', '"tpu"'],
  [trainer({ valCheckInterval: 0 }), 'more than 0: limitValBatches: 0 is no validation', '0'],
  [() => new StochasticWeightAveraging({ swaLrs: -1 }), 'a number above 0', '-1'],
  [() => new GradientMonitor({ per: ['x' as 'total'] }), '"total" or "layer" or "parameter"', '"x"'],
])('a wrong option is answered with what it may be: %#', (make, wanted, received) => {
  expect(make).toThrow(`expected: ${wanted}\n  received: ${received}\n`);
});

it('what has no default has to be given', () => {
  expect(() => new EarlyStopping({} as { monitor: string })).toThrow(
    'to do:    give monitor such a value: it has no default',
  );
});
