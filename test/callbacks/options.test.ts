import { EarlyStopping, GradientMonitor, StochasticWeightAveraging, ThroughputMonitor } from 'strobe';
import { describe, expect, it } from 'vitest';

describe('a wrong option of a callback', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'that has a default may be left out',
      () => new EarlyStopping({ monitor: 'x', patience: -1 }),
      /patience[^]*received: -1[^]*correct patience, or leave it out for the default/,
    ],
    [
      'that has none may not',
      () => new EarlyStopping({} as never),
      /monitor[^]*received: undefined[^]*give monitor such a value: it has no default/,
    ],
    [
      'that is misspelt explains the one that is missing',
      () => new EarlyStopping({ monitr: 'x' } as never),
      /there is no option monitr[^]*expected: monitor, [^]*received: monitr\n/,
    ],
    [
      'of several kinds is told which',
      () => new StochasticWeightAveraging({ swaLrs: '1' as never }),
      /swaLrs[^]*expected: a number above 0, or a list of them[^]*received: "1"/,
    ],
    [
      'that may be computed is told so',
      () => new ThroughputMonitor({ flopsPerBatch: 'many' as never }),
      /flopsPerBatch[^]*expected: a number from 0 up, or a function[^]*received: "many"/,
    ],
    [
      'in a list is shown itself',
      () => new GradientMonitor({ per: ['total', 'weight' as never] }),
      /per\.1[^]*received: "weight"/,
    ],
  ])('%s', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
