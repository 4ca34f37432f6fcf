import type { LRScheduler } from '../../optim/lr/scheduler.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { humanCount } from '../summary/layout.js';
import { shortNumber } from '../short-number.js';
import { cellOf, fieldsTable, recordsTable } from './records.js';
import { View } from './view.js';

/** An optimizer's parameter groups: how many parameters, and what they are updated with. */
export function optimizerView(optimizer: Optimizer): View {
  const groups = optimizer.paramGroups.map(({ params, name, lr, ...others }, i) => ({
    group: name ?? i,
    parameters: params.length,
    values: humanCount(params.reduce((sum, { size }) => sum + size, 0)).trim(),
    lr,
    ...others,
  }));
  return new View(optimizer.constructor.name, [`lr ${shortNumber(optimizer.lr)}`], [recordsTable(groups)]);
}

/** Where a schedule stands, and what it goes by. */
export function schedulerView(scheduler: LRScheduler): View {
  const { optimizer, lastEpoch } = scheduler;
  const lrs = optimizer.paramGroups.map(({ lr }) => shortNumber(lr)).join(', ');
  const state = Object.entries(scheduler.stateDict()).map(([name, value]) => [name, cellOf(value)] as const);
  return new View(
    scheduler.constructor.name,
    [`stepped ${lastEpoch} times`, `lr ${lrs}`],
    [fieldsTable(state, ['state', 'value'])],
  );
}
