import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { batchesOf, isTransient } from '../../data/index.js';
import { Module } from '../../module/module.js';
import { tensorsIn } from '../../tensors/tree.js';
import type { Session } from '../session.js';

/** The part of tfjs's BatchNorm layer that says how much of its old statistics stays. */
interface Norm {
  momentum: number;
}

/**
 * BatchNorm's statistics of the training data under the weights as they are: the mean over all batches of an epoch, in a pass
 * that computes no gradient, updates nothing else, and counts nothing.
 */
export async function recomputeStatistics(s: Session): Promise<void> {
  const { module, trainer } = s;
  const norms = normsIn(module);
  const [loader] = s.data.loaders('train');
  if (norms.length === 0 || !loader || !module.trainingStep) return;
  const momenta = norms.map(({ momentum }) => momentum);
  const modes = s.modes();
  trainer.muted = true;
  try {
    module.train();
    let seen = 0;
    for await (const batch of epochOf(s, loader)) {
      // The mean of n + 1 batches is n parts of the mean so far, and one of the new.
      for (const norm of norms) norm.momentum = seen / (seen + 1);
      const index = seen;
      tf.tidy(() => void s.at('trainingStep', () => module.trainingStep?.(batch, index)));
      if (isTransient(loader)) tf.dispose(tensorsIn(batch));
      seen += 1;
    }
  } finally {
    norms.forEach((norm, i) => (norm.momentum = momenta[i] as number));
    s.setModes(modes);
    trainer.muted = false;
  }
}

async function* epochOf(s: Session, loader: Parameters<typeof batchesOf>[0]): AsyncGenerator {
  const batches = batchesOf(loader, { epoch: s.progress.epoch, batch: 0, seed: s.trainer.seed });
  try {
    for (let i = 0; i < s.numTrainingBatches; i++) {
      const next = await batches.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await batches.return?.();
  }
}

function normsIn(value: unknown, seen = new Set<unknown>()): Norm[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  if (value instanceof layers.layers.Layer) {
    if ('layers' in value) return (value.layers as unknown[]).flatMap((layer) => normsIn(layer, seen));
    return value.getClassName() === 'BatchNormalization' ? [value as unknown as Norm] : [];
  }
  const nested = value instanceof Module || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return nested ? Object.values(value).flatMap((item) => normsIn(item, seen)) : [];
}
