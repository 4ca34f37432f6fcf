import type { ProgressView, ShownMetrics } from '../../display/progress/text.js';
import type { Trainer } from '../../trainer/trainer.js';

/** How far a loop has come. The clock is the process's own. */
export interface Loop {
  description: string;
  epoch?: number;
  done: number;
  /** Infinity if nobody knows. */
  total: number;
  began: number;
  /** Batches that were done when this process came to the loop. */
  before: number;
}

/** The epoch that a trainer is in, from the batch on at which it stands. */
export function epochLoop({ currentEpoch, numTrainingBatches, progress: { batchIdx } }: Trainer): Loop {
  return {
    description: `Epoch ${currentEpoch}`,
    epoch: currentEpoch,
    done: batchIdx,
    total: numTrainingBatches,
    began: performance.now(),
    before: batchIdx,
  };
}

/** An evaluation at the beginning of one of its loaders. */
export function evaluationLoop({ numEvaluationBatches }: Trainer, word: string, dataloaderIdx = 0): Loop {
  return {
    description: `${word} DataLoader ${dataloaderIdx}`,
    done: 0,
    total: numEvaluationBatches[dataloaderIdx] ?? Infinity,
    began: performance.now(),
    before: 0,
  };
}

/** A batch of an evaluation is done; with the first one of another loader the count begins anew. */
export function advance(loop: Loop, trainer: Trainer, batchIdx: number, dataloaderIdx: number): void {
  const [, word = ''] = /^(.*) DataLoader \d+$/.exec(loop.description) ?? [];
  const next = evaluationLoop(trainer, word, dataloaderIdx);
  if (loop.description !== next.description) Object.assign(loop, next);
  loop.done = batchIdx + 1;
}

/** What there is to show of a loop now. */
export function viewOf({ began, before, ...loop }: Loop, metrics: ShownMetrics): ProgressView {
  return { ...loop, elapsed: (performance.now() - began) / 1000, doneHere: loop.done - before, metrics };
}
