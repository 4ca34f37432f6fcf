/** Trains with dropout, shuffling and Adam: `fit [ckpt]`, `step` (hook by hook), or `save <batches> <ckpt>`. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { Adam, DataLoader, Module, TensorDataset, Trainer } from 'strobe';

const seeded = (seed: number) => tf.initializers.glorotNormal({ seed });

class Net extends Module {
  readonly net = tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, inputShape: [6], activation: 'relu', kernelInitializer: seeded(1) }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 3, kernelInitializer: seeded(2) }),
    ],
  });
  override trainingStep([x, y]: [tf.Tensor, tf.Tensor]): tf.Scalar {
    return tf.losses.softmaxCrossEntropy(y, this.net.apply(x, { training: this.training }) as tf.Tensor);
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 0.01 });
  }
}

const [command, ...args] = process.argv.slice(2);
const model = new Net();
const x = tf.randomNormal([60, 6], 0, 1, 'float32', 7);
const y = tf.oneHot(tf.cast(tf.randomUniform([60], 0, 3, 'float32', 8), 'int32'), 3);
const data = new DataLoader(new TensorDataset(x, y), { batchSize: 8, shuffle: true });
const trainer = new Trainer({
  maxEpochs: 3,
  seed: 11,
  logger: false,
  enableCheckpointing: false,
  enableProgressBar: false,
  enableModelSummary: false,
});

if (command === 'fit') await trainer.fit(model, data, args[0] === undefined ? {} : { ckptPath: args[0] });
else if (command === 'step') for await (const _event of trainer.run(model, data));
else if (command === 'save') {
  const run = trainer.run(model, data);
  await run.step(Number(args[0]));
  await run.save(String(args[1]));
}

const hash = createHash('sha256');
for (const tensor of Object.values(model.stateDict())) hash.update(new Uint8Array(tensor.dataSync().buffer.slice(0)));
console.log(hash.digest('hex'));
