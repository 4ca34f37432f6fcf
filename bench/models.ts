import * as tf from '@tensorflow/tfjs-core';

/** A model as a loss over its parameters, on one fixed batch: what one training step differentiates. */
export interface BenchModel {
  name: string;
  parameters: tf.Variable[];
  loss: () => tf.Scalar;
  /** Frees the parameters and the batch. */
  dispose: () => void;
}

const normal = (shape: number[], deviation: number, seed: number) =>
  tf.randomNormal(shape, 0, deviation, 'float32', seed);
const classes = (shape: number[], count: number, seed: number) =>
  tf.tidy(() => tf.cast(tf.floor(tf.randomUniform(shape, 0, count, 'float32', seed)), 'int32'));

/** Makes parameters with seeds of their own, so that every engine starts from the same numbers. */
function parameters() {
  const all: tf.Variable[] = [];
  const add = (initial: tf.Tensor) => {
    const variable = tf.variable(initial, true);
    initial.dispose();
    all.push(variable);
    return variable;
  };
  return {
    all,
    normal: (shape: number[], deviation: number) => add(normal(shape, deviation, 100 + all.length)),
    zeros: (shape: number[]) => add(tf.zeros(shape)),
    ones: (shape: number[]) => add(tf.ones(shape)),
  };
}

const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor, count: number): tf.Scalar =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels as tf.Tensor1D, count), logits);

function model(name: string, parameters: tf.Variable[], batch: tf.Tensor[], loss: () => tf.Scalar): BenchModel {
  return { name, parameters, loss, dispose: () => tf.dispose([...parameters, ...batch]) };
}

/** 784-128-10 with ReLU, batch 64. */
export function mlp(batch = 64): BenchModel {
  const [x, y] = [normal([batch, 784], 1, 1), classes([batch], 10, 2)];
  const p = parameters();
  const [w1, b1, w2, b2] = [p.normal([784, 128], 0.05), p.zeros([128]), p.normal([128, 10], 0.1), p.zeros([10])];
  return model('mlp', p.all, [x, y], () => {
    const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
    return crossEntropy(y, tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2), 10);
  });
}

/** Two 3x3 convolutions of 16 and 32 filters on 28x28 images, each with ReLU and 2x2 pooling; batch 64. */
export function cnn(batch = 64): BenchModel {
  const [x, y] = [normal([batch, 28, 28, 1], 1, 1), classes([batch], 10, 2)];
  const p = parameters();
  const [k1, b1] = [p.normal([3, 3, 1, 16], 0.2), p.zeros([16])];
  const [k2, b2] = [p.normal([3, 3, 16, 32], 0.1), p.zeros([32])];
  const [w, b] = [p.normal([800, 10], 0.05), p.zeros([10])];
  const block = (input: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor => {
    const images: tf.Tensor4D = tf.relu(
      tf.add(tf.conv2d(input as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid'), bias),
    );
    return tf.maxPool(images, 2, 2, 'valid');
  };
  return model('cnn', p.all, [x, y], () => {
    const features = tf.reshape(block(block(x, k1, b1), k2, b2), [batch, 800]);
    return crossEntropy(y, tf.add(tf.matMul(features as tf.Tensor2D, w as tf.Tensor2D), b), 10);
  });
}

export interface GptSize {
  batch?: number;
  length?: number;
  width?: number;
  heads?: number;
  layers?: number;
  vocabulary?: number;
}

/** A GPT: learned positions, pre-norm blocks, exact GELU, causal attention. 2 layers, width 64, 64 tokens, batch 16. */
export function gpt({
  batch = 16,
  length = 64,
  width = 64,
  heads = 4,
  layers = 2,
  vocabulary = 65,
}: GptSize = {}): BenchModel {
  const [x, y] = [classes([batch, length], vocabulary, 1), classes([batch * length], vocabulary, 2)];
  const rows = batch * length;
  const size = width / heads;
  const p = parameters();
  const [tokens, positions] = [p.normal([vocabulary, width], 0.02), p.normal([length, width], 0.02)];
  const norm = () => ({ gain: p.ones([width]), shift: p.zeros([width]) });
  const linear = (from: number, to: number) => ({ w: p.normal([from, to], 0.05), b: p.zeros([to]) });
  const blocks = Array.from({ length: layers }, () => ({
    norm1: norm(),
    qkv: linear(width, 3 * width),
    projection: linear(width, width),
    norm2: norm(),
    up: linear(width, 4 * width),
    down: linear(4 * width, width),
  }));
  const [last, head] = [norm(), linear(width, vocabulary)];
  const mask = tf.tidy(() => tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([length, length]), -1, 0)), -1e9));

  const normalize = (h: tf.Tensor, { gain, shift }: ReturnType<typeof norm>) => {
    const centered = tf.sub(h, tf.mean(h, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    return tf.add(tf.mul(tf.mul(centered, tf.rsqrt(tf.add(variance, 1e-5))), gain), shift);
  };
  const apply = (h: tf.Tensor, { w, b }: ReturnType<typeof linear>) =>
    tf.add(tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D), b);
  const gelu = (h: tf.Tensor) => tf.mul(tf.mul(h, 0.5), tf.add(tf.erf(tf.mul(h, Math.SQRT1_2)), 1));
  const split = (t: tf.Tensor) => tf.transpose(tf.reshape(t, [batch, length, heads, size]), [0, 2, 1, 3]);

  return model('gpt', p.all, [x, y, mask], () => {
    let h: tf.Tensor = tf.reshape(tf.add(tf.gather(tokens, x as tf.Tensor2D), positions), [rows, width]);
    for (const block of blocks) {
      const [q, k, v] = tf.split(apply(normalize(h, block.norm1), block.qkv), 3, -1).map(split) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const scores = tf.add(tf.mul(tf.matMul(q as tf.Tensor4D, k as tf.Tensor4D, false, true), size ** -0.5), mask);
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores) as tf.Tensor4D, v as tf.Tensor4D), [0, 2, 1, 3]);
      h = tf.add(h, apply(tf.reshape(mixed, [rows, width]), block.projection));
      h = tf.add(h, apply(gelu(apply(normalize(h, block.norm2), block.up)), block.down));
    }
    return crossEntropy(y, apply(normalize(h, last), head), vocabulary);
  });
}
