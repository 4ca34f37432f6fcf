import * as tf from '@tensorflow/tfjs-core';

/**
 * The optimizers' updates as a handful of TensorFlow operations each: tensors never leave the device, where the general
 * kernel reads them back and computes in JavaScript. Formulas as in src/optim/, in single precision.
 */
type Inputs = Record<string, tf.Tensor> & { param: tf.Tensor; grad: tf.Tensor };

/** TensorFlow operations on float32 tensors, called without tfjs's checks and broadcasting of shapes. */
class Operations {
  readonly #type: { name: string; type: number; value: number }[];

  constructor(readonly backend: TensorFlowBackend) {
    const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
    this.#type = [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }];
  }

  add = (a: tf.Tensor, b: Operand) => this.#call('AddV2', a, this.#tensor(b));
  sub = (a: tf.Tensor, b: Operand) => this.#call('Sub', a, this.#tensor(b));
  mul = (a: tf.Tensor, b: Operand) => this.#call('Mul', a, this.#tensor(b));
  div = (a: tf.Tensor, b: Operand) => this.#call('RealDiv', a, this.#tensor(b));
  max = (a: tf.Tensor, b: tf.Tensor) => this.#call('Maximum', a, b);
  sqrt = (a: tf.Tensor) => this.#call('Sqrt', a);
  square = (a: tf.Tensor) => this.#call('Square', a);

  /** mean + (value - mean) * share */
  blend = (mean: tf.Tensor, value: tf.Tensor, share: number) => this.add(mean, this.mul(this.sub(value, mean), share));

  /** The gradient with an L2 penalty. */
  penalized = ({ param, grad }: Inputs, weightDecay: number) =>
    weightDecay === 0 ? grad : this.add(grad, this.mul(param, weightDecay));

  #call(name: string, ...inputs: tf.Tensor[]): tf.Tensor {
    return this.backend.executeSingleOutput(name, this.#type, inputs);
  }

  #tensor(operand: Operand): tf.Tensor {
    return typeof operand === 'number' ? tf.scalar(operand) : operand;
  }
}

type Operand = tf.Tensor | number;

/** What tfjs-node's backend offers to kernels. */
interface TensorFlowBackend {
  binding: { TF_ATTR_TYPE: number; TF_FLOAT: number };
  executeSingleOutput(name: string, attrs: object[], inputs: tf.Tensor[]): tf.Tensor;
}

type Update<Scalars> = (f: Operations, inputs: Inputs, scalars: Scalars) => (tf.Tensor | undefined)[];

interface AdamScalars {
  stepSize: number;
  beta1: number;
  beta2: number;
  eps: number;
  biasCorrection2Sqrt: number;
  weightDecay: number;
  shrink: number;
}

/** w s - a m / (sqrt(v) + e), with the second moment's correction moved from v into a and e. */
const adam: Update<AdamScalars> = (f, inputs, s) => {
  const { param, expAvg, expAvgSq, maxExpAvgSq } = inputs as Inputs & { expAvg: tf.Tensor; expAvgSq: tf.Tensor };
  const g = f.penalized(inputs, s.weightDecay);
  const m = f.blend(expAvg, g, 1 - s.beta1);
  const v = f.blend(expAvgSq, f.square(g), 1 - s.beta2);
  const highest = maxExpAvgSq && f.max(maxExpAvgSq, v);
  const spread = f.add(f.sqrt(highest ?? v), s.eps * s.biasCorrection2Sqrt);
  const step = f.div(f.mul(m, s.stepSize * s.biasCorrection2Sqrt), spread);
  return [f.sub(s.shrink === 1 ? param : f.mul(param, s.shrink), step), m, v, highest];
};

interface SGDScalars {
  lr: number;
  momentum: number;
  dampening: number;
  nesterov: boolean;
  weightDecay: number;
}

const sgd: Update<SGDScalars> = (f, inputs, s) => {
  const { param, momentumBuffer } = inputs;
  const g = f.penalized(inputs, s.weightDecay);
  if (!momentumBuffer) return [f.sub(param, f.mul(g, s.lr))];
  const fresh = s.dampening === 0 ? g : f.mul(g, 1 - s.dampening);
  const velocity = f.add(f.mul(momentumBuffer, s.momentum), fresh);
  const direction = s.nesterov ? f.add(g, f.mul(velocity, s.momentum)) : velocity;
  return [f.sub(param, f.mul(direction, s.lr)), velocity];
};

interface RMSpropScalars {
  lr: number;
  alpha: number;
  eps: number;
  weightDecay: number;
  momentum: number;
}

const rmsprop: Update<RMSpropScalars> = (f, inputs, s) => {
  const { param, squareAvg, gradAvg, momentumBuffer } = inputs as Inputs & { squareAvg: tf.Tensor };
  const g = f.penalized(inputs, s.weightDecay);
  const meanSquare = f.blend(squareAvg, f.square(g), 1 - s.alpha);
  const mean = gradAvg && f.blend(gradAvg, g, 1 - s.alpha);
  const spread = mean ? f.sub(meanSquare, f.square(mean)) : meanSquare;
  const scaled = f.div(g, f.add(f.sqrt(spread), s.eps));
  const buffer = momentumBuffer && f.add(f.mul(momentumBuffer, s.momentum), scaled);
  return [f.sub(param, f.mul(buffer ?? scaled, s.lr)), meanSquare, mean, buffer];
};

interface AdagradScalars {
  stepSize: number;
  eps: number;
  weightDecay: number;
}

const adagrad: Update<AdagradScalars> = (f, inputs, s) => {
  const { param, sum } = inputs as Inputs & { sum: tf.Tensor };
  const g = f.penalized(inputs, s.weightDecay);
  const total = f.add(sum, f.square(g));
  const step = f.div(f.mul(g, s.stepSize), f.add(f.sqrt(total), s.eps));
  return [f.sub(param, step), total];
};

const updates: Record<string, Update<never>> = {
  FusedAdam: adam,
  FusedSGD: sgd,
  FusedRMSprop: rmsprop,
  FusedAdagrad: adagrad,
};

/** Registers the updates for the backend `tensorflow`. */
export function registerOptimizerKernels(): void {
  for (const [kernelName, update] of Object.entries(updates)) {
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs, backend }) => {
        const f = new Operations(backend as TensorFlowBackend);
        return tf.tidy(() =>
          update(f, inputs as unknown as Inputs, attrs as never).filter((result) => result !== undefined),
        );
      },
    });
  }
}
