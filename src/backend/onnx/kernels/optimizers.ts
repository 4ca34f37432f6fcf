import type { Arithmetic } from '../pointwise/arithmetic.js';
import { sizeOf } from '../values.js';
import { floats } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';
import { lowerPointwise } from './pointwise.js';

type Slots<T> = readonly (T | undefined)[];

/**
 * One optimizer update of one parameter: `{ param, grad, ...slots }` to `[param, ...slots]`. The numbers that change from
 * step to step (step size, corrections) enter as one small tensor, so that every step is the same computation.
 */
interface Update<Scalars, Flags extends object> {
  slots: readonly string[];
  /** The numbers the formula uses, in order; computed in double precision. */
  numbers(scalars: Scalars): number[];
  /** What decides the formula's shape. */
  flags(scalars: Scalars): Flags;
  formula<T>(f: Arithmetic<T>, param: T, grad: T, slots: Slots<T>, flags: Flags): (T | undefined)[];
}

function update<Scalars, Flags extends object>({ slots, numbers, flags, formula }: Update<Scalars, Flags>): AnyKernel {
  const pointwise =
    (attrs: Flags) =>
    <T>(f: Arithmetic<T>, [param, grad, ...state]: readonly (T | undefined)[]): T[] =>
      formula(f, param as T, grad as T, state, attrs).filter((result) => result !== undefined);
  return kernel<Flags & { slots: number }>({
    inputs: ['param', 'grad', ...slots.map((slot) => `${slot}?`)],
    list: true,
    endsStep: true,
    accepts: floats,
    vary: (attrs, inputs) => {
      const scalars = attrs as unknown as Scalars;
      return { attrs: { ...flags(scalars), slots: inputs.length - 2 }, numbers: numbers(scalars), dtype: 'float32' };
    },
    infer: ({ slots: count }, [param = []]) =>
      Array.from({ length: count + 1 }, () => ({ shape: [...param], dtype: 'float32' })),
    work: (_attrs, [param = []]) => 12 * sizeOf(param),
    pointwise,
    lower: (graph, call) => lowerPointwise(graph, call, pointwise(call.attrs)),
  });
}

/** a * numbers[i] + b * numbers[j] */
function mix<T>(f: Arithmetic<T>, a: T, i: number, b: T, j: number): T {
  return f.add(f.mul(a, f.number(i)), f.mul(b, f.number(j)));
}

interface Decay {
  weightDecay: number;
}

interface AdamScalars extends Decay {
  stepSize: number;
  beta1: number;
  beta2: number;
  eps: number;
  biasCorrection2Sqrt: number;
  shrink: number;
}

interface SGDScalars extends Decay {
  lr: number;
  momentum: number;
  dampening: number;
  nesterov: boolean;
}

interface RMSpropScalars extends Decay {
  lr: number;
  alpha: number;
  eps: number;
  momentum: number;
}

interface AdagradScalars extends Decay {
  stepSize: number;
  eps: number;
}

interface Decays {
  decays: boolean;
}

interface AdamFlags extends Decays {
  shrinks: boolean;
}

interface SGDFlags extends Decays {
  nesterov: boolean;
}

const decays = ({ weightDecay }: Decay) => ({ decays: weightDecay !== 0 });

/** The gradient with an L2 penalty; the decay is the update's first number. */
function penalized<T>(f: Arithmetic<T>, param: T, grad: T, flags: Decays): T {
  return flags.decays ? f.add(grad, f.mul(param, f.number(0))) : grad;
}

export const optimizerKernels: KernelTable = {
  /** w s - a m / (sqrt(v) + e), with the second moment's correction moved from v into a and e. */
  FusedAdam: update<AdamScalars, AdamFlags>({
    slots: ['expAvg', 'expAvgSq', 'maxExpAvgSq'],
    numbers: ({ weightDecay, beta1, beta2, stepSize, biasCorrection2Sqrt: c, eps, shrink }) => [
      weightDecay,
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      stepSize * c,
      eps * c,
      shrink,
    ],
    flags: (scalars) => ({ ...decays(scalars), shrinks: scalars.shrink !== 1 }),
    formula<T>(f: Arithmetic<T>, param: T, grad: T, [expAvg, expAvgSq, maxExpAvgSq]: Slots<T>, flags: AdamFlags) {
      const g = penalized(f, param, grad, flags);
      const m = mix(f, expAvg as T, 1, g, 2);
      const v = mix(f, expAvgSq as T, 3, f.mul(g, g), 4);
      const highest = maxExpAvgSq === undefined ? undefined : f.max(maxExpAvgSq, v);
      const step = f.div(f.mul(m, f.number(5)), f.add(f.sqrt(highest ?? v), f.number(6)));
      const kept = flags.shrinks ? f.mul(param, f.number(7)) : param;
      return [f.sub(kept, step), m, v, highest];
    },
  }),
  FusedSGD: update<SGDScalars, SGDFlags>({
    slots: ['momentumBuffer'],
    numbers: ({ weightDecay, momentum, dampening, lr }) => [weightDecay, momentum, 1 - dampening, lr],
    flags: (scalars) => ({ ...decays(scalars), nesterov: scalars.nesterov }),
    formula<T>(f: Arithmetic<T>, param: T, grad: T, [buffer]: Slots<T>, flags: SGDFlags) {
      const g = penalized(f, param, grad, flags);
      const velocity = buffer === undefined ? undefined : mix(f, buffer, 1, g, 2);
      const ahead = velocity !== undefined && flags.nesterov ? f.add(g, f.mul(velocity, f.number(1))) : velocity;
      return [f.sub(param, f.mul(ahead ?? g, f.number(3))), velocity];
    },
  }),
  FusedRMSprop: update<RMSpropScalars, Decays>({
    slots: ['squareAvg', 'gradAvg', 'momentumBuffer'],
    numbers: ({ weightDecay, alpha, eps, momentum, lr }) => [weightDecay, alpha, 1 - alpha, eps, momentum, lr],
    flags: decays,
    formula<T>(f: Arithmetic<T>, param: T, grad: T, [squareAvg, gradAvg, buffer]: Slots<T>, flags: Decays) {
      const g = penalized(f, param, grad, flags);
      const meanSquare = mix(f, squareAvg as T, 1, f.mul(g, g), 2);
      const mean = gradAvg === undefined ? undefined : mix(f, gradAvg, 1, g, 2);
      const spread = mean === undefined ? meanSquare : f.sub(meanSquare, f.mul(mean, mean));
      const direction = f.div(g, f.add(f.sqrt(spread), f.number(3)));
      const velocity = buffer === undefined ? undefined : f.add(f.mul(buffer, f.number(4)), direction);
      return [f.sub(param, f.mul(velocity ?? direction, f.number(5))), meanSquare, mean, velocity];
    },
  }),
  FusedAdagrad: update<AdagradScalars, Decays>({
    slots: ['sum'],
    numbers: ({ weightDecay, stepSize, eps }) => [weightDecay, stepSize, eps],
    flags: decays,
    formula<T>(f: Arithmetic<T>, param: T, grad: T, [sum]: Slots<T>, flags: Decays) {
      const g = penalized(f, param, grad, flags);
      const total = f.add(sum as T, f.mul(g, g));
      const step = f.div(f.mul(g, f.number(1)), f.add(f.sqrt(total), f.number(2)));
      return [f.sub(param, step), total];
    },
  }),
};
