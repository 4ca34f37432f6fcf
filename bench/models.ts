import * as tf from '@tensorflow/tfjs';
import { Adam, Module, parameter, type Parameter } from 'strobe';

/** What is trained, and the one batch it is trained on: as `bench/engines_torch.py` has them for PyTorch. */
export interface Subject {
  module: Module;
  batch: tf.Tensor[];
}

const normal = (shape: number[], deviation: number, seed: number) =>
  tf.randomNormal(shape, 0, deviation, 'float32', seed);
const classes = (shape: number[], count: number, seed: number) =>
  tf.tidy(() => tf.cast(tf.floor(tf.randomUniform(shape, 0, count, 'float32', seed)), 'int32'));

let seed = 100;
/** Weights from seeds of their own, so that every engine starts from the same numbers. */
const weights = (shape: number[], deviation: number) => parameter(normal(shape, deviation, seed++));
const zeros = (shape: number[]) => parameter(tf.zeros(shape));
const ones = (shape: number[]) => parameter(tf.ones(shape));

class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  constructor(from: number, to: number, deviation = 0.05) {
    super();
    this.weight = weights([from, to], deviation);
    this.bias = zeros([to]);
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.add(tf.matMul(x as tf.Tensor2D, this.weight.variable as tf.Tensor2D), this.bias.variable);
  }
}

/** A network with a loss: cross entropy over so many classes. */
abstract class Classifier extends Module {
  constructor(readonly classes: number) {
    super();
  }
  override trainingStep([x, y]: tf.Tensor[]): tf.Scalar {
    const labels = tf.oneHot(y as tf.Tensor1D, this.classes);
    const loss: tf.Scalar = tf.losses.softmaxCrossEntropy(labels, this.forward(x as tf.Tensor) as tf.Tensor);
    this.log('loss', loss, { progBar: true });
    return loss;
  }
  override configureOptimizers(): Adam {
    return new Adam(this.parameters(), { lr: 1e-3 });
  }
}

class MLP extends Classifier {
  readonly hidden = new Linear(784, 128);
  readonly head = new Linear(128, 10, 0.1);
  override forward(x: tf.Tensor): tf.Tensor {
    return this.head.forward(tf.relu(this.hidden.forward(x)));
  }
}

/** A 3x3 convolution with ReLU and 2x2 pooling. */
class Block extends Module {
  readonly kernel: Parameter;
  readonly bias: Parameter;
  constructor(from: number, to: number, deviation: number) {
    super();
    this.kernel = weights([3, 3, from, to], deviation);
    this.bias = zeros([to]);
  }
  override forward(x: tf.Tensor): tf.Tensor {
    const images = tf.conv2d(x as tf.Tensor4D, this.kernel.variable as tf.Tensor4D, 1, 'valid');
    const positive: tf.Tensor4D = tf.relu(tf.add(images, this.bias.variable));
    return tf.maxPool(positive, 2, 2, 'valid');
  }
}

class CNN extends Classifier {
  readonly blocks = [new Block(1, 16, 0.2), new Block(16, 32, 0.1)];
  readonly head = new Linear(800, 10);
  override forward(x: tf.Tensor): tf.Tensor {
    let h = x;
    for (const block of this.blocks) h = block.forward(h);
    return this.head.forward(tf.reshape(h, [x.shape[0], 800]));
  }
}

class LayerNorm extends Module {
  readonly gain: Parameter;
  readonly shift: Parameter;
  constructor(width: number) {
    super();
    this.gain = ones([width]);
    this.shift = zeros([width]);
  }
  override forward(x: tf.Tensor): tf.Tensor {
    const centered = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const normalized = tf.mul(centered, tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(normalized, this.gain.variable), this.shift.variable);
  }
}

const LENGTH = 64;
const WIDTH = 64;
const HEADS = 4;
const VOCABULARY = 65;

class Transformer extends Module {
  readonly norm1 = new LayerNorm(WIDTH);
  readonly qkv = new Linear(WIDTH, 3 * WIDTH);
  readonly projection = new Linear(WIDTH, WIDTH);
  readonly norm2 = new LayerNorm(WIDTH);
  readonly up = new Linear(WIDTH, 4 * WIDTH);
  readonly down = new Linear(4 * WIDTH, WIDTH);

  heads(x: tf.Tensor): tf.Tensor4D {
    const size = WIDTH / HEADS;
    return tf.transpose(tf.reshape(x, [-1, LENGTH, HEADS, size]), [0, 2, 1, 3]);
  }
  attention(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const [q, k, v] = tf.split(this.qkv.forward(x), 3, -1).map((part) => this.heads(part));
    const scores = tf.mul(tf.matMul(q as tf.Tensor4D, k as tf.Tensor4D, false, true), (WIDTH / HEADS) ** -0.5);
    const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), v as tf.Tensor4D);
    return this.projection.forward(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, WIDTH]));
  }
  gelu(x: tf.Tensor): tf.Tensor {
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  }
  override forward(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const h = tf.add(x, this.attention(this.norm1.forward(x), mask));
    return tf.add(h, this.down.forward(this.gelu(this.up.forward(this.norm2.forward(h)))));
  }
}

/** Learned positions, pre-norm blocks, exact GELU, causal attention: 2 layers, width 64, 64 tokens. */
class GPT extends Classifier {
  readonly tokens = weights([VOCABULARY, WIDTH], 0.02);
  readonly positions = weights([LENGTH, WIDTH], 0.02);
  readonly blocks = [new Transformer(), new Transformer()];
  readonly norm = new LayerNorm(WIDTH);
  readonly head = new Linear(WIDTH, VOCABULARY);
  readonly mask = tf.tidy(() => tf.mul(tf.sub(1, tf.linalg.bandPart(tf.ones([LENGTH, LENGTH]), -1, 0)), -1e9));
  override forward(x: tf.Tensor): tf.Tensor {
    const embedded = tf.add(tf.gather(this.tokens.variable, x as tf.Tensor2D), this.positions.variable);
    let h: tf.Tensor = tf.reshape(embedded, [-1, WIDTH]);
    for (const block of this.blocks) h = block.forward(h, this.mask);
    return this.head.forward(this.norm.forward(h));
  }
}

export const subjects: Record<string, () => Subject> = {
  /** 784-128-10 with ReLU, batches of 64. */
  mlp: () => ({ module: new MLP(10), batch: [normal([64, 784], 1, 1), classes([64], 10, 2)] }),
  /** Two 3x3 convolutions of 16 and 32 filters on 28x28 images, batches of 64. */
  cnn: () => ({ module: new CNN(10), batch: [normal([64, 28, 28, 1], 1, 1), classes([64], 10, 2)] }),
  /** Batches of 16 texts of 64 tokens. */
  gpt: () => ({
    module: new GPT(VOCABULARY),
    batch: [classes([16, LENGTH], VOCABULARY, 1), classes([16 * LENGTH], VOCABULARY, 2)],
  }),
};
