import type { Batch } from '../hooks.js';
import type { Session } from '../session.js';

/** The batch as the module wants it: its three transfer hooks, in turn. */
export function transferred(s: Session, batch: Batch, dataloaderIdx: number): Batch {
  const { module } = s;
  let result = batch;
  for (const hook of ['onBeforeBatchTransfer', 'transferBatchToDevice', 'onAfterBatchTransfer'] as const) {
    if (module[hook]) result = s.at(hook, () => module[hook]?.(result, dataloaderIdx));
  }
  return result;
}
