import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { floats } from './elementwise.js';
import { kernel, type AnyKernel, type Call, type Kernel, type KernelTable } from './kernel.js';

/**
 * One optimizer update of one parameter: `{ param, grad, ...slots }` to `[param, ...slots]`. The numbers that change from
 * step to step (step size, corrections) enter as one small tensor, so that every step is the same graph.
 */
interface Update<Scalars, Flags extends object> {
  slots: readonly string[];
  /** The numbers the formula uses, in order; computed in double precision. */
  numbers(scalars: Scalars): number[];
  /** What decides the formula's shape. */
  flags(scalars: Scalars): Flags;
  formula(f: Formula, param: string, grad: string, slots: (string | undefined)[], flags: Flags): (string | undefined)[];
}

/** Arithmetic on tensors by name; numbers are positions in the update's list. */
class Formula {
  readonly #split: string[];

  constructor(
    readonly graph: Graph,
    numbers: Operand,
  ) {
    const ones = Array.from({ length: numbers.shape[0] ?? 0 }, () => 1);
    this.#split = graph.ops('Split', [graph.natural(numbers), graph.int64(ones)], ones.length, { axis: 0 });
  }

  /** A tensor of one element, which broadcasts. */
  number(index: number): string {
    return this.#split[index] as string;
  }

  add = (a: string, b: string) => this.graph.op('Add', [a, b]);
  sub = (a: string, b: string) => this.graph.op('Sub', [a, b]);
  mul = (a: string, b: string) => this.graph.op('Mul', [a, b]);
  div = (a: string, b: string) => this.graph.op('Div', [a, b]);
  max = (a: string, b: string) => this.graph.op('Max', [a, b]);
  sqrt = (a: string) => this.graph.op('Sqrt', [a]);

  /** a * numbers[i] + b * numbers[j] */
  mix(a: string, i: number, b: string, j: number): string {
    return this.add(this.mul(a, this.number(i)), this.mul(b, this.number(j)));
  }
}

/** Updates of at most so many elements are computed end to end: an operator costs microseconds whatever its size. */
const SMALL = 8_192;

function update<Scalars, Flags extends object>({ slots, numbers, flags, formula }: Update<Scalars, Flags>): AnyKernel {
  const definition: Kernel<Flags & { slots: number }> = {
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
    lower: (graph, call) => lowerTogether(graph, [call]),
    lowerTogether,
  };

  function lowerTogether(graph: Graph, calls: readonly Call<Flags & { slots: number }>[]): void {
    const [first] = calls as [Call<Flags & { slots: number }>];
    const f = new Formula(graph, first.inputs.at(-1) as Operand);
    const compute = ([param, grad, ...state]: (string | undefined)[]) =>
      formula(f, param as string, grad as string, state, first.attrs).filter((name) => name !== undefined);
    const roles = ['param', 'grad', ...slots].map((_, i) => i);
    const isSmall = ({ outputs }: Call) => sizeOf(outputs[0]?.shape ?? []) <= SMALL;

    for (const call of calls.filter((each) => !isSmall(each))) {
      const results = compute(roles.map((i) => call.optional(i)).map((x) => x && graph.natural(x)));
      call.outputs.forEach((output, i) => graph.set(output, results[i] as string));
    }
    const small = calls.filter(isSmall);
    if (small.length === 0) return;
    const joined = roles.map((i) => small.flatMap((call) => call.optional(i) ?? [])).map((all) => endToEnd(graph, all));
    compute(joined).forEach((name, i) =>
      apart(
        graph,
        name,
        small.map(({ outputs }) => outputs[i] as Operand),
      ),
    );
  }

  return kernel(definition);
}

/** Tensors as one list of their elements. */
function endToEnd(graph: Graph, tensors: readonly Operand[]): string | undefined {
  const lists = tensors.map((x) => graph.reshape(graph.natural(x), x.shape, [sizeOf(x.shape)]));
  return lists.length > 1 ? graph.op('Concat', lists, { axis: 0 }) : lists[0];
}

/** The list of their elements as tensors again. */
function apart(graph: Graph, list: string, tensors: readonly Operand[]): void {
  const sizes = tensors.map((x) => sizeOf(x.shape));
  const lists = sizes.length > 1 ? graph.ops('Split', [list, graph.int64(sizes)], sizes.length, { axis: 0 }) : [list];
  tensors.forEach((x, i) => graph.set(x, graph.reshape(lists[i] as string, [sizes[i] as number], x.shape)));
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

const decays = ({ weightDecay }: Decay) => ({ decays: weightDecay !== 0 });

/** The gradient with an L2 penalty; the decay is the update's first number. */
function penalized(f: Formula, param: string, grad: string, flags: { decays: boolean }): string {
  return flags.decays ? f.add(grad, f.mul(param, f.number(0))) : grad;
}

export const optimizerKernels: KernelTable = {
  /** w s - a m / (sqrt(v) + e), with the second moment's correction moved from v into a and e. */
  FusedAdam: update<AdamScalars, { decays: boolean; shrinks: boolean }>({
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
    formula(f, param, grad, [expAvg, expAvgSq, maxExpAvgSq], flags) {
      const g = penalized(f, param, grad, flags);
      const m = f.mix(expAvg as string, 1, g, 2);
      const v = f.mix(expAvgSq as string, 3, f.mul(g, g), 4);
      const highest = maxExpAvgSq === undefined ? undefined : f.max(maxExpAvgSq, v);
      const step = f.div(f.mul(m, f.number(5)), f.add(f.sqrt(highest ?? v), f.number(6)));
      const kept = flags.shrinks ? f.mul(param, f.number(7)) : param;
      return [f.sub(kept, step), m, v, highest];
    },
  }),
  FusedSGD: update<SGDScalars, { decays: boolean; nesterov: boolean }>({
    slots: ['momentumBuffer'],
    numbers: ({ weightDecay, momentum, dampening, lr }) => [weightDecay, momentum, 1 - dampening, lr],
    flags: (scalars) => ({ ...decays(scalars), nesterov: scalars.nesterov }),
    formula(f, param, grad, [buffer], flags) {
      const g = penalized(f, param, grad, flags);
      const velocity = buffer === undefined ? undefined : f.mix(buffer, 1, g, 2);
      const ahead = velocity !== undefined && flags.nesterov ? f.add(g, f.mul(velocity, f.number(1))) : velocity;
      return [f.sub(param, f.mul(ahead ?? g, f.number(3))), velocity];
    },
  }),
  FusedRMSprop: update<RMSpropScalars, { decays: boolean }>({
    slots: ['squareAvg', 'gradAvg', 'momentumBuffer'],
    numbers: ({ weightDecay, alpha, eps, momentum, lr }) => [weightDecay, alpha, 1 - alpha, eps, momentum, lr],
    flags: decays,
    formula(f, param, grad, [squareAvg, gradAvg, buffer], flags) {
      const g = penalized(f, param, grad, flags);
      const meanSquare = f.mix(squareAvg as string, 1, f.mul(g, g), 2);
      const mean = gradAvg === undefined ? undefined : f.mix(gradAvg, 1, g, 2);
      const spread = mean === undefined ? meanSquare : f.sub(meanSquare, f.mul(mean, mean));
      const direction = f.div(g, f.add(f.sqrt(spread), f.number(3)));
      const velocity = buffer === undefined ? undefined : f.add(f.mul(buffer, f.number(4)), direction);
      return [f.sub(param, f.mul(velocity ?? direction, f.number(5))), meanSquare, mean, velocity];
    },
  }),
  FusedAdagrad: update<AdagradScalars, { decays: boolean }>({
    slots: ['sum'],
    numbers: ({ weightDecay, stepSize, eps }) => [weightDecay, stepSize, eps],
    flags: decays,
    formula(f, param, grad, [sum], flags) {
      const g = penalized(f, param, grad, flags);
      const total = f.add(sum as string, f.mul(g, g));
      const step = f.div(f.mul(g, f.number(1)), f.add(f.sqrt(total), f.number(2)));
      return [f.sub(param, step), total];
    },
  }),
};
