import type { Checkpoint } from '../../checkpoint/checkpoint.js';
import { humanCount } from '../summary/layout.js';
import { cellOf, fieldsTable } from './records.js';
import { tensorsTable } from './tensor.js';
import { View } from './view.js';

/** What a checkpoint holds: weights by name, and what else it takes to go on from it. */
export function checkpointView(checkpoint: Checkpoint): View {
  const { epoch, globalStep, strobeVersion, stateDict, hyperParameters = {}, run } = checkpoint;
  const weights = Object.entries(stateDict);
  const count = humanCount(weights.reduce((sum, [, { size }]) => sum + size, 0)).trim();
  const { callbacks = {}, optimizerStates = [], lrSchedulers = [] } = checkpoint;
  const others = [
    ['optimizers', optimizerStates.length],
    ['schedulers', lrSchedulers.length],
    ['callbacks', Object.keys(callbacks).join(', ')],
    ...Object.entries(hyperParameters).map(([name, value]) => [name, cellOf(value)] as const),
  ] as const;
  return new View(
    'Checkpoint',
    [
      `epoch ${epoch}`,
      `step ${globalStep}`,
      `${count} values`,
      run === undefined ? 'weights only' : 'a run goes on from it',
      `Strobe ${strobeVersion}`,
    ],
    [tensorsTable(weights), run === undefined ? undefined : fieldsTable(others, ['', ''])],
  );
}

export function isCheckpoint(value: object): value is Checkpoint {
  return 'strobeVersion' in value && 'stateDict' in value && 'globalStep' in value;
}
