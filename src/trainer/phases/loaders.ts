import { DataLoader, sizeOf, type Loader } from '../../data/index.js';
import { emptyLoader } from '../../data/loader.js';
import { ConfigurationError, StrobeError } from '../../errors.js';
import { BatchSource } from '../batch-source.js';
import type { Session } from '../session.js';

/** The training loader standing at a batch of an epoch. */
export async function trainSourceFor(s: Session, epoch: number, batchIdx: number): Promise<BatchSource> {
  const { options } = s.trainer;
  const [loader] = s.data.loaders('train');
  if (!loader) throw noLoader(s, 'train');
  recount(s);
  if (s.resume && batchIdx > 0 && sizeOf(loader) === undefined) {
    s.trainer.warn(
      `The training loader does not know its length and cannot seek: its first ${batchIdx} batches are read and passed over.`,
    );
  }
  const source = new BatchSource(options.overfitBatches === undefined ? loader : unshuffled(s, loader), s.trainer.seed);
  await source.seek(epoch, batchIdx);
  // One that does not know its length shows only now that there is nothing in it: epochs of it would go on for ever.
  if (source.exhausted && batchIdx === 0 && s.numTrainingBatches > 0) throw emptyLoader('the train loader', loader);
  return source;
}

/**
 * Counts the epoch's batches by the limit as it is now. Where there were more already, the next one is the last: what
 * belongs to an epoch's end follows it.
 */
export function recount(s: Session): void {
  const { batchIdx, epochComplete } = s.progress;
  const count = countTrainingBatches(s);
  s.trainLimit = s.trainer.limits.limitTrainBatches;
  s.numTrainingBatches = count === 0 || epochComplete ? count : Math.max(count, batchIdx + 1);
}

/** Batches of a training epoch, known as soon as the loader is; Infinity if the loader does not know. */
export function countTrainingBatches(s: Session): number {
  const { limits, options } = s.trainer;
  const [loader] = s.data.loaders('train');
  if (!loader) return 0;
  return limited(loader, options.overfitBatches ?? limits.limitTrainBatches, 'limitTrainBatches');
}

/** Whether the training batch at hand is the epoch's last. */
export function isLastBatch({ progress, numTrainingBatches, trainSource }: Session): boolean {
  return progress.batchIdx + 1 >= numTrainingBatches || trainSource?.exhausted === true;
}

/** The evaluation loaders of the running loop, the one given standing at the batch given. */
export async function evaluationSourcesFor(s: Session, dataloaderIdx: number, batchIdx: number): Promise<void> {
  const { limits, options } = s.trainer;
  const kind = s.loop === 'sanity' || s.loop === 'validate' ? 'val' : s.loop === 'test' ? 'test' : 'predict';
  const loaders = s.data.loaders(kind);
  if (loaders.length === 0 && s.stage !== 'fit') throw noLoader(s, kind);
  const name = { val: 'limitValBatches', test: 'limitTestBatches', predict: 'limitPredictBatches' } as const;
  const limit = (kind === 'val' ? options.overfitBatches : undefined) ?? limits[name[kind]];
  const sanity = options.numSanityValSteps === -1 ? Infinity : options.numSanityValSteps;
  s.numEvaluationBatches = loaders.map((loader) =>
    Math.min(limited(loader, limit, name[kind]), s.loop === 'sanity' ? sanity : Infinity),
  );
  s.evaluationSources = loaders.map((loader) => new BatchSource(loader, s.trainer.seed));
  for (const [i, source] of s.evaluationSources.entries()) {
    if (i >= dataloaderIdx && s.numEvaluationBatches[i] !== 0) await source.seek(0, i === dataloaderIdx ? batchIdx : 0);
  }
}

/** Overfitting looks at the same few batches in every epoch. */
function unshuffled(s: Session, loader: Loader): Loader {
  if (!(loader instanceof DataLoader) || !loader.shuffle) return loader;
  if (!s.saidUnshuffled)
    s.trainer.warn('overfitBatches: the training loader is not shuffled, so that every epoch has the same batches.');
  s.saidUnshuffled = true;
  return loader.with({ shuffle: false });
}

/** How many batches of a loader are used: all of them, a count, or a fraction. */
export function limited(loader: Loader, limit: number | undefined, option: string): number {
  const length = sizeOf(loader) ?? Infinity;
  if (limit === undefined) return length;
  if (limit === 0 || limit >= 1) return Math.min(limit, length);
  if (length === Infinity) {
    throw new ConfigurationError(
      StrobeError.compose(`${option}: ${limit} is a fraction of a loader that does not know its length.`, {
        expected: 'a whole number of batches, or nothing',
        received: String(limit),
        hint: `give ${option} as a count, or the loader a length`,
      }),
    );
  }
  const count = Math.trunc(length * limit);
  if (count > 0) return count;
  throw new ConfigurationError(
    StrobeError.compose(`${option}: ${limit} of ${length} batches leaves none.`, {
      expected: `at least ${1 / length}`,
      received: String(limit),
      hint: `use a larger fraction or a count; 0 switches the loop off`,
    }),
  );
}

function noLoader(s: Session, kind: 'train' | 'val' | 'test' | 'predict'): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`trainer.${s.stage} has no ${kind} data.`, {
      expected: `a loader passed to trainer.${s.stage}, a DataModule, or ${kind}Dataloader() on ${s.module.constructor.name}`,
      received: 'none of these',
      hint: kind === 'train' ? 'trainer.fit(model, loader)' : `trainer.${s.stage}(model, loader)`,
    }),
  );
}
