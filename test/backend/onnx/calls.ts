import fc from 'fast-check';
import type { NumericType } from '../../../src/backend/onnx/values.js';
import {
  axesOf,
  broadcasting,
  call,
  callList,
  indices,
  oneOf,
  shapes,
  shapesOfRank,
  tensor,
  type Draw,
  type Values,
} from './draws.js';
import { windowCalls } from './window-calls.js';

/** For every kernel that is computed natively: calls as a program might make them. */
type Calls = Record<string, fc.Arbitrary<Draw>>;

const unary = (kind: Values = 'special', dtypes: NumericType[] = ['float32'], attrs: object = {}, name = 'x') =>
  fc.tuple(shapes, oneOf(...dtypes)).chain(([shape, dtype]) => call({ [name]: tensor(shape, dtype, kind) }, attrs));

const binary = (kind: Values = 'special', dtypes: NumericType[] = ['float32'], second: Values = kind) =>
  fc
    .tuple(broadcasting, oneOf(...dtypes))
    .chain(([[a, b], dtype]) => call({ a: tensor(a, dtype, kind), b: tensor(b, dtype, second) }));

const reduce = (kind: Values, dtypes: NumericType[] = ['float32'], key = 'axis') =>
  shapes.chain((shape) =>
    fc
      .tuple(axesOf(shape), fc.boolean(), oneOf(...dtypes))
      .chain(([axes, keepDims, dtype]) => call({ x: tensor(shape, dtype, kind) }, { [key]: axes, keepDims })),
  );

const alongAxis = (make: (shape: number[], axis: number) => fc.Arbitrary<Draw>) =>
  shapesOfRank(1, 4).chain((shape) => fc.nat(shape.length - 1).chain((axis) => make(shape, axis)));

const numbers: NumericType[] = ['float32', 'int32'];
const all: NumericType[] = ['float32', 'int32', 'bool'];

const elementwise: Calls = {
  ...Object.fromEntries(
    ['Ceil', 'Floor', 'Round', 'Sign', 'IsNan', 'IsInf', 'IsFinite', 'Reciprocal', 'Relu6', 'Tanh', 'Sigmoid'].map(
      (k) => [k, unary()],
    ),
  ),
  ...Object.fromEntries(
    ['Exp', 'Expm1', 'Elu', 'Selu', 'Softplus', 'Erf', 'Sin', 'Cos', 'Sinh', 'Cosh', 'Asinh', 'Atan'].map((k) => [
      k,
      unary('plain'),
    ]),
  ),
  ...Object.fromEntries(
    ['Sqrt', 'Rsqrt', 'Log', 'Log1p'].map((k) => [k, fc.oneof(unary('positive'), unary('special'))]),
  ),
  ...Object.fromEntries(['Acos', 'Asin', 'Atanh', 'Tan'].map((k) => [k, unary('unit')])),
  ...Object.fromEntries(['Abs', 'Neg', 'Square'].map((k) => [k, unary('special', numbers)])),
  Acosh: shapes.chain((shape) =>
    call({ x: tensor(shape, 'float32', 'positive').map((t) => ({ ...t, values: t.values.map((v) => v + 1) })) }),
  ),
  Relu: unary(),
  LeakyRelu: unary('special', ['float32'], { alpha: 0.2 }),
  Step: fc.oneof(unary('special', ['float32'], { alpha: 0 }), unary('special', ['float32'], { alpha: 0.3 })),
  ClipByValue: unary('special', ['float32'], { clipValueMin: -1, clipValueMax: 2.5 }),
  LogicalNot: unary('plain', ['bool']),
  Cast: fc
    .tuple(shapes, oneOf(...all), oneOf(...all))
    .chain(([shape, from, dtype]) => call({ x: tensor(shape, from) }, { dtype })),
  ...Object.fromEntries(['Add', 'Sub', 'Multiply', 'Maximum', 'Minimum'].map((k) => [k, binary('special', numbers)])),
  ...Object.fromEntries(
    ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'].map((k) => [
      k,
      fc.oneof(binary('special', numbers), binary('ties')),
    ]),
  ),
  RealDiv: binary(),
  FloorDiv: binary('plain', ['float32'], 'positive'),
  Mod: binary('plain', ['float32'], 'positive'),
  Atan2: binary(),
  Pow: binary('positive', ['float32'], 'plain'),
  SquaredDifference: binary(),
  LogicalAnd: binary('plain', ['bool']),
  LogicalOr: binary('plain', ['bool']),
  BitwiseAnd: shapes.chain((shape) => call({ a: tensor(shape, 'int32'), b: tensor(shape, 'int32') })),
  Prelu: shapes.chain((shape) => call({ x: tensor(shape), alpha: tensor(shape.slice(-1)) })),
  EluGrad: shapes.chain((shape) => call({ dy: tensor(shape), y: tensor(shape) })),
  AddN: fc
    .tuple(shapes, fc.integer({ min: 1, max: 4 }), oneOf(...numbers))
    .chain(([shape, n, dtype]) => callList(Array.from({ length: n }, () => tensor(shape, dtype)))),
  Select: fc.tuple(shapesOfRank(1, 4), oneOf(...numbers)).chain(([shape, dtype]) =>
    call({
      // Of the same rank: tf.where sees to that, and the cpu kernel relies on it.
      condition: tensor(shape, 'bool'),
      t: tensor(shape, dtype, 'special'),
      e: tensor(shape, dtype, 'special'),
    }),
  ),
};

const reductions: Calls = {
  Sum: reduce('plain', all),
  Mean: reduce('plain', all),
  Max: reduce('special', numbers, 'reductionIndices'),
  Min: reduce('special', numbers),
  // Whole numbers overflow in another way.
  Prod: reduce('unit'),
  All: reduce('plain', ['bool']),
  Any: reduce('plain', ['bool']),
  ...Object.fromEntries(
    ['ArgMax', 'ArgMin'].map((k) => [
      k,
      alongAxis((shape, axis) =>
        fc.oneof(
          call({ x: tensor(shape, 'float32', 'ties') }, { axis }),
          call({ x: tensor(shape, 'int32') }, { axis }),
        ),
      ),
    ]),
  ),
  Softmax: shapesOfRank(1, 4).chain((shape) => call({ logits: tensor(shape) }, { dim: shape.length - 1 })),
  Cumsum: fc.tuple(fc.boolean(), fc.boolean()).chain(([exclusive, reverse]) =>
    // The cpu kernel wants the axis to be the last one; tfjs moves it there.
    shapesOfRank(1, 3).chain((shape) => call({ x: tensor(shape) }, { axis: shape.length - 1, exclusive, reverse })),
  ),
  Cumprod: fc
    .tuple(fc.boolean(), fc.boolean(), shapesOfRank(1, 3))
    .chain(([exclusive, reverse, shape]) =>
      call({ x: tensor(shape, 'float32', 'positive') }, { axis: shape.length - 1, exclusive, reverse }),
    ),
  TopK: shapesOfRank(1, 3).chain((shape) =>
    fc
      .integer({ min: 1, max: shape.at(-1) as number })
      .chain((k) => call({ x: tensor(shape, 'float32', 'plain') }, { k, sorted: true })),
  ),
};

const paddings = (rank: number, max: number) =>
  fc.array(fc.tuple(fc.nat(max), fc.nat(max)), { minLength: rank, maxLength: rank });

const layout: Calls = {
  ZerosLike: unary('plain', all),
  OnesLike: unary('plain', all),
  Fill: fc
    .tuple(shapes, fc.integer({ min: -3, max: 3 }))
    .map(([shape, value]) => ({ inputs: {}, attrs: { shape, value: value + 0.5, dtype: 'float32' } })),
  Transpose: shapesOfRank(1, 4).chain((shape) =>
    fc
      .shuffledSubarray(
        shape.map((_, i) => i),
        { minLength: shape.length },
      )
      .chain((perm) => call({ x: tensor(shape, 'float32', 'special') }, { perm })),
  ),
  Concat: fc.tuple(fc.integer({ min: 1, max: 3 }), oneOf(...all)).chain(([n, dtype]) =>
    alongAxis((shape, axis) =>
      callList(
        Array.from({ length: n }, (_, i) =>
          tensor(
            shape.map((d, a) => (a === axis ? d + i : d)),
            dtype,
          ),
        ),
        { axis },
      ),
    ),
  ),
  SplitV: alongAxis((shape, axis) =>
    fc
      .integer({ min: 1, max: 3 })
      .chain((n) => call({ x: tensor(shape.map((d, a) => (a === axis ? d * n : d))) }, { numOrSizeSplits: n, axis })),
  ),
  Pack: fc.integer({ min: 1, max: 3 }).chain((n) =>
    alongAxis((shape, axis) =>
      callList(
        Array.from({ length: n }, () => tensor(shape)),
        { axis },
      ),
    ),
  ),
  Unpack: alongAxis((shape, axis) => call({ value: tensor(shape, 'float32', 'special') }, { axis })),
  Tile: shapesOfRank(1, 4).chain((shape) =>
    fc
      .array(fc.integer({ min: 1, max: 3 }), { minLength: shape.length, maxLength: shape.length })
      .chain((reps) => call({ x: tensor(shape) }, { reps })),
  ),
  PadV2: fc
    .tuple(shapesOfRank(1, 4), oneOf(...numbers))
    .chain(([shape, dtype]) =>
      paddings(shape.length, 2).chain((p) => call({ x: tensor(shape, dtype) }, { paddings: p, constantValue: 3 })),
    ),
  MirrorPad: shapesOfRank(1, 3).chain((shape) =>
    oneOf('reflect', 'symmetric').chain((mode) =>
      call({ x: tensor(shape.map((n) => n + 2)) }, { paddings: shape.map(() => [1, 2]), mode }),
    ),
  ),
  Reverse: shapesOfRank(1, 4).chain((shape) =>
    axesOf(shape).chain((dims) => call({ x: tensor(shape, 'float32', 'special') }, { dims })),
  ),
  DepthToSpace: fc
    .tuple(shapesOfRank(4, 4), oneOf(2, 3))
    .chain(([[b = 1, h = 1, w = 1, c = 1], n]) =>
      call({ x: tensor([b, h, w, c * n * n]) }, { blockSize: n, dataFormat: 'NHWC' }),
    ),
  SpaceToBatchND: shapesOfRank(4, 4).chain(([b = 1, h = 1, w = 1, c = 1]) =>
    call(
      { x: tensor([b, 2 * h + 1, 2 * w, c]) },
      {
        blockShape: [2, 2],
        paddings: [
          [0, 1],
          [1, 1],
        ],
      },
    ),
  ),
  BatchToSpaceND: shapesOfRank(4, 4).chain(([b = 1, h = 1, w = 1, c = 1]) =>
    call(
      { x: tensor([4 * b, h + 1, w + 1, c]) },
      {
        blockShape: [2, 2],
        crops: [
          [0, 1],
          [1, 0],
        ],
      },
    ),
  ),
};

const indexing: Calls = {
  Slice: shapesOfRank(1, 4).chain((shape) =>
    fc
      .tuple(
        ...shape.map((n) => fc.nat(n - 1).chain((b) => fc.tuple(fc.constant(b), fc.integer({ min: 1, max: n - b })))),
      )
      .chain((ranges) =>
        call(
          { x: tensor(shape, 'float32', 'special') },
          { begin: ranges.map((r) => r[0]), size: ranges.map((r) => r[1]) },
        ),
      ),
  ),
  StridedSlice: shapesOfRank(1, 3).chain((shape) =>
    // The cpu kernel does not take a range that ends before it begins.
    fc
      .tuple(...shape.map((n) => fc.tuple(fc.nat(n - 1), fc.nat(n), oneOf(-2, -1, 1, 2))))
      .filter((ranges) => ranges.every(([begin, end, stride]) => stride < 0 || begin <= end))
      .chain((ranges) =>
        fc.tuple(fc.nat(7), fc.nat(7)).chain(([beginMask, endMask]) =>
          call(
            { x: tensor(shape) },
            {
              begin: ranges.map((r) => r[0]),
              end: ranges.map((r) => r[1]),
              strides: ranges.map((r) => r[2]),
              beginMask,
              endMask,
              ellipsisMask: 0,
              newAxisMask: 0,
              shrinkAxisMask: 0,
            },
          ),
        ),
      ),
  ),
  OneHot: fc
    .tuple(shapesOfRank(1, 3), fc.integer({ min: 1, max: 6 }), oneOf<[number, number]>([1, 0], [2.5, -1]))
    .chain(([shape, depth, [onValue, offValue]]) =>
      call({ indices: tensor(shape, 'int32') }, { dtype: 'float32', depth, onValue, offValue }),
    ),
  GatherV2: alongAxis((shape, axis) =>
    shapesOfRank(0, 2).chain((at) =>
      call(
        { x: tensor(shape, 'float32', 'special'), indices: indices(at, shape[axis] as number) },
        { axis, batchDims: 0 },
      ),
    ),
  ),
  GatherNd: shapesOfRank(1, 4).chain((shape) =>
    fc
      .integer({ min: 1, max: shape.length })
      .chain((depth) => call({ params: tensor(shape), indices: indices([3, depth], Math.min(...shape)) })),
  ),
  TensorScatterUpdate: shapesOfRank(1, 3).chain((shape) =>
    call(
      {
        tensor: tensor(shape),
        indices: fc.constant({ shape: [1, 1], dtype: 'int32' as const, values: [0] }),
        updates: tensor([1, ...shape.slice(1)]),
      },
      {},
    ),
  ),
  ScatterNd: shapesOfRank(1, 3).chain((shape) =>
    call({ indices: indices([4, 1], shape[0] as number), updates: tensor([4, ...shape.slice(1)]) }, { shape }),
  ),
  UnsortedSegmentSum: fc
    .tuple(shapesOfRank(1, 3), oneOf(3, 5000))
    .chain(([shape, numSegments]) =>
      call({ x: tensor(shape), segmentIds: indices([shape[0] as number], 3) }, { numSegments }),
    ),
};

const products: Calls = {
  BatchMatMul: fc
    .tuple(shapesOfRank(0, 2), shapesOfRank(3, 3), fc.boolean(), fc.boolean(), fc.boolean())
    .chain(([batch, [m = 1, k = 1, n = 1], transposeA, transposeB, shared]) =>
      call(
        {
          a: tensor([...batch, ...(transposeA ? [k, m] : [m, k])]),
          b: tensor([...(shared ? batch.map(() => 1) : batch), ...(transposeB ? [n, k] : [k, n])]),
        },
        { transposeA, transposeB },
      ),
    ),
  _FusedMatMul: fc
    .tuple(shapesOfRank(3, 3), oneOf('linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'), fc.boolean())
    .chain(([[m = 1, k = 1, n = 1], activation, bias]) =>
      call(
        {
          a: tensor([1, m, k]),
          b: tensor([1, k, n]),
          ...(bias || activation === 'prelu' ? { bias: tensor([n]) } : {}),
          ...(activation === 'prelu' ? { preluActivationWeights: tensor([n]) } : {}),
        },
        { transposeA: false, transposeB: false, activation, leakyreluAlpha: 0.1 },
      ),
    ),
  Einsum: fc
    .tuple(shapesOfRank(4, 4), oneOf('ij,jk->ik', 'bij,bjk->bik', 'ij,ij->', 'ij->ji'))
    .chain(([sizes, equation]) => {
      const letter = (id: string) => sizes['bijk'.indexOf(id)] as number;
      const lists = (equation.split('->')[0] as string).split(',');
      return callList(
        lists.map((ids) => tensor(Array.from(ids, letter))),
        { equation },
      );
    }),
};

const update = (slots: string[], attrs: object) =>
  shapes
    .filter((s) => s.every((n) => n > 0))
    .chain((shape) =>
      call(
        {
          param: tensor(shape),
          grad: tensor(shape),
          ...Object.fromEntries(slots.map((s) => [s, tensor(shape, 'float32', 'positive')])),
        },
        attrs,
      ),
    );

const decay = oneOf(0, 0.01);
export const updates: Calls = {
  FusedAdam: fc.tuple(fc.boolean(), decay, oneOf(1, 0.99)).chain(([amsgrad, weightDecay, shrink]) =>
    update(['expAvg', 'expAvgSq', ...(amsgrad ? ['maxExpAvgSq'] : [])], {
      stepSize: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      eps: 1e-8,
      biasCorrection2Sqrt: 0.3,
      weightDecay,
      shrink,
    }),
  ),
  FusedSGD: fc.tuple(oneOf(0, 0.9), fc.boolean(), decay).chain(([momentum, nesterov, weightDecay]) =>
    update(momentum ? ['momentumBuffer'] : [], {
      lr: 0.1,
      momentum,
      dampening: nesterov ? 0 : 0.2,
      nesterov: nesterov && momentum > 0,
      weightDecay,
    }),
  ),
  FusedRMSprop: fc.tuple(fc.boolean(), decay).chain(([momentum, weightDecay]) =>
    update(['squareAvg', ...(momentum ? ['momentumBuffer'] : [])], {
      lr: 0.01,
      alpha: 0.9,
      eps: 1e-8,
      weightDecay,
      momentum: momentum ? 0.9 : 0,
    }),
  ),
  FusedAdagrad: decay.chain((weightDecay) => update(['sum'], { stepSize: 0.01, eps: 1e-10, weightDecay })),
};

export const calls: Calls = {
  ...elementwise,
  ...reductions,
  ...layout,
  ...indexing,
  ...products,
  ...windowCalls,
  ...updates,
};
