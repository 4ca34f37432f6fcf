/** How far a run has come. Plain data: it is saved, restored and copied as it is. */
export interface Progress {
  /** Completed epochs; while an epoch runs, its index. */
  epoch: number;
  /** Index of the current batch in the epoch; between batches, of the next one. */
  batchIdx: number;
  /** Batches begun and finished since the first epoch. */
  totalBatches: number;
  /** Optimizer steps. */
  globalStep: number;
  /** Batches that ended with an optimizer step. */
  steppedBatches: number;
  window: Window;
  /** True once something ended this epoch's training before its batches did. */
  epochCut: boolean;
  /** True once the epoch's last batch has ended. */
  epochComplete: boolean;
  evaluation: { dataloaderIdx: number; batchIdx: number; modes: boolean[] };
  /** Validation batches seen since the fit began, per loader: the step that step-level validation metrics carry. */
  validationBatches: number[];
  stopRequested: boolean;
  stopReason: string;
}

/** The batches whose gradients make one update. */
export interface Window {
  /** Those that have ended. */
  gathered: number;
  /** How many there are to be: what their losses are divided by. */
  size: number;
}

/** As it stands in a file, which may be from before windows were saved. */
export type SavedProgress = Omit<Progress, 'window'> & { window?: Window };

export function freshProgress(): Progress {
  return {
    epoch: 0,
    batchIdx: 0,
    totalBatches: 0,
    globalStep: 0,
    steppedBatches: 0,
    window: { gathered: 0, size: 1 },
    epochCut: false,
    epochComplete: false,
    evaluation: { dataloaderIdx: 0, batchIdx: 0, modes: [] },
    validationBatches: [],
    stopRequested: false,
    stopReason: '',
  };
}
