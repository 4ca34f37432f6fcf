import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs-core';
import { conv2dWindow, conv3dWindow, poolWindow } from '../../../src/backend/onnx/kernels/window.js';
import { call, oneOf, tensor, type Draw } from './draws.js';

/** Calls of kernels that move a window over images: odd sizes, strides, dilations, paddings. */
const small = fc.integer({ min: 1, max: 3 });

type Pad = 'same' | 'valid' | number | [number, number][];

const explicit = (top: number, bottom: number, left: number, right: number): Pad => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];

const convOf = (batch: fc.Arbitrary<number>, channels: fc.Arbitrary<number>): fc.Arbitrary<Conv> =>
  fc
    .record({
      batch,
      h: fc.integer({ min: 5, max: 8 }),
      w: fc.integer({ min: 5, max: 8 }),
      cin: channels,
      cout: channels,
      kh: small,
      kw: small,
      strides: fc.tuple(small, small),
      dilations: oneOf<[number, number]>([1, 1], [1, 1], [2, 2], [1, 2], [3, 1]),
      pad: oneOf<Pad>('same', 'valid', 1, explicit(0, 1, 1, 0), explicit(2, 1, 0, 2)),
    })
    .map(({ batch, h, w, cin, cout, kh, kw, strides, dilations, pad }) => ({
      x: [batch, h, w, cin],
      filter: [kh, kw, cin, cout],
      // tfjs allows either strides or dilations.
      attrs: { strides: dilations.some((d) => d > 1) ? [1, 1] : strides, dilations, pad, dataFormat: 'NHWC' },
    }))
    // A window must fit into the padded images.
    .filter(({ x, filter, attrs }) => window({ x, filter, attrs }).every((n) => n > 0));

const conv = convOf(small, small);
/** Batches and channels that come in blocks, which other operators compute. */
const blocks = convOf(oneOf(1, 16), oneOf(16, 32));
const anyConv = fc.oneof({ weight: 3, arbitrary: conv }, { weight: 2, arbitrary: blocks });

/** tfjs refuses gradients of dilated convolutions, and its cpu kernels take no notice of the dilation. */
const undilated = (convs: fc.Arbitrary<Conv>): fc.Arbitrary<Conv> =>
  convs.map((c) => ({ ...c, attrs: { ...c.attrs, dilations: [1, 1] } }));

interface Conv {
  x: number[];
  filter: number[];
  attrs: { strides: number[]; dilations: number[]; pad: Pad; dataFormat: string };
}

function window({ x, filter, attrs }: Conv, depthwise = false): number[] {
  return conv2dWindow(x, filter, attrs as unknown as Parameters<typeof conv2dWindow>[2], depthwise).shape;
}

/** The same for three spatial axes; the cpu kernels there know no dilations in gradients. */
const conv3d = fc
  .record({
    d: fc.integer({ min: 3, max: 5 }),
    h: fc.integer({ min: 3, max: 5 }),
    cin: small,
    cout: small,
    k: small,
    stride: oneOf(1, 2),
    pad: oneOf<'same' | 'valid'>('same', 'valid'),
  })
  .map(({ d, h, cin, cout, k, stride, pad }) => ({
    x: [2, d, h, h, cin],
    filter: [k, k, k, cin, cout],
    attrs: { strides: [stride, stride, stride], dilations: [1, 1, 1], pad } as const,
  }));

const pool = (rank: 2 | 3) =>
  fc
    .record({
      n: fc.integer({ min: 4, max: 7 }),
      c: small,
      // The cpu kernel of the gradient mixes up height and width of windows with three axes.
      size: rank === 3 ? fc.integer({ min: 1, max: 3 }) : fc.tuple(small, small),
      stride: rank === 3 ? small : fc.tuple(small, small),
      pad: oneOf<'same' | 'valid'>('same', 'valid'),
    })
    .map(({ n, c, size, stride, pad }) => ({
      x: [2, n, ...Array.from({ length: rank - 1 }, () => n + 1), c],
      attrs: { filterSize: size, strides: stride, pad, ...(rank === 3 ? { dataFormat: 'NDHWC' } : {}) } as const,
    }));

const poolCall = (rank: 2 | 3, gradient: boolean, max: boolean): fc.Arbitrary<Draw> =>
  pool(rank).chain(({ x, attrs }) => {
    const kind = max ? 'ties' : 'plain';
    if (!gradient) return call({ x: tensor(x, 'float32', kind) }, attrs);
    const y = poolWindow(x, attrs).shape;
    const inputs = { dy: tensor(y), input: tensor(x, 'float32', kind) };
    if (!max) return call(inputs, attrs);
    return fc.record(inputs).map(({ dy, input }) => ({ inputs: { dy, input, output: pooled(input, attrs) }, attrs }));
  });

/** What the forward kernel gives: its gradient may rely on it. */
function pooled(input: { shape: number[]; values: number[] }, attrs: object) {
  return tf.tidy(() => {
    const x = tf.tensor(input.values, input.shape, 'float32');
    const name = input.shape.length === 4 ? 'MaxPool' : 'MaxPool3D';
    const y = tf.engine().runKernel(name, { x }, attrs as tf.NamedAttrMap) as tf.Tensor;
    return { shape: y.shape, dtype: 'float32' as const, values: Array.from(y.dataSync()) };
  });
}

const activations = oneOf('linear', 'relu', 'elu', 'relu6', 'sigmoid');

const fused = (names: { bias: number }, activation = activations) =>
  fc.tuple(activation, fc.boolean()).map(([activation, bias]) => ({
    activation,
    extra: bias ? { bias: tensor([names.bias]) } : {},
  }));

const fusedConv = (convs: fc.Arbitrary<Conv>, kinds: fc.Arbitrary<string>): fc.Arbitrary<Draw> =>
  convs.chain(({ x, filter, attrs }) =>
    fused({ bias: filter[3] as number }, kinds).chain(({ activation, extra }) =>
      call({ x: tensor(x), filter: tensor(filter), ...extra }, { ...attrs, activation, leakyreluAlpha: 0.1 }),
    ),
  );

export const windowCalls: Record<string, fc.Arbitrary<Draw>> = {
  Conv2D: anyConv.chain(({ x, filter, attrs }) => call({ x: tensor(x), filter: tensor(filter) }, attrs)),
  Conv2DBackpropInput: undilated(anyConv).chain((c) =>
    call({ dy: tensor(window(c)), filter: tensor(c.filter) }, { ...c.attrs, inputShape: c.x }),
  ),
  Conv2DBackpropFilter: undilated(anyConv).chain((c) =>
    call({ x: tensor(c.x), dy: tensor(window(c)) }, { ...c.attrs, filterShape: c.filter }),
  ),
  // What an activation makes of the rounding of a long sum is not in the bound of its result.
  FusedConv2D: fc.oneof(fusedConv(conv, activations), fusedConv(blocks, oneOf('linear', 'relu'))),
  Conv3D: conv3d.chain(({ x, filter, attrs }) => call({ x: tensor(x), filter: tensor(filter) }, attrs)),
  Conv3DBackpropInputV2: conv3d.chain(({ x, filter, attrs }) =>
    call({ dy: tensor(conv3dWindow(x, filter, attrs).shape), filter: tensor(filter) }, { ...attrs, inputShape: x }),
  ),
  Conv3DBackpropFilterV2: conv3d.chain(({ x, filter, attrs }) =>
    call({ x: tensor(x), dy: tensor(conv3dWindow(x, filter, attrs).shape) }, { ...attrs, filterShape: filter }),
  ),
  DepthwiseConv2dNative: conv.chain(({ x, filter, attrs }) => call({ x: tensor(x), filter: tensor(filter) }, attrs)),
  FusedDepthwiseConv2D: conv.chain(({ x, filter, attrs }) =>
    fused({ bias: (filter[2] as number) * (filter[3] as number) }).chain(({ activation, extra }) =>
      call({ x: tensor(x), filter: tensor(filter), ...extra }, { ...attrs, activation }),
    ),
  ),
  DepthwiseConv2dNativeBackpropInput: undilated(conv).chain((c) =>
    call({ dy: tensor(window(c, true)), filter: tensor(c.filter) }, { ...c.attrs, inputShape: c.x }),
  ),
  DepthwiseConv2dNativeBackpropFilter: undilated(conv).chain((c) =>
    call({ x: tensor(c.x), dy: tensor(window(c, true)) }, { ...c.attrs, filterShape: c.filter }),
  ),
  MaxPool: poolCall(2, false, true),
  MaxPool3D: poolCall(3, false, true),
  AvgPool: poolCall(2, false, false),
  AvgPool3D: poolCall(3, false, false),
  MaxPoolGrad: poolCall(2, true, true),
  MaxPool3DGrad: poolCall(3, true, true),
  AvgPoolGrad: poolCall(2, true, false),
  AvgPool3DGrad: poolCall(3, true, false),
  FusedBatchNorm: fc.tuple(small, small, fc.boolean()).chain(([n, c, affine]) =>
    call(
      {
        x: tensor([n, 3, 2, c]),
        mean: tensor([c]),
        variance: tensor([c], 'float32', 'positive'),
        ...(affine ? { offset: tensor([c]), scale: tensor([c]) } : {}),
      },
      { varianceEpsilon: 1e-3 },
    ),
  ),
  LRN: fc
    .tuple(small, fc.integer({ min: 1, max: 6 }))
    .chain(([depthRadius, c]) => call({ x: tensor([2, 2, 3, c]) }, { depthRadius, bias: 1, alpha: 0.5, beta: 0.75 })),
  LRNGrad: fc
    .tuple(small, fc.integer({ min: 1, max: 6 }))
    .chain(([depthRadius, c]) =>
      call(
        { x: tensor([2, 2, 3, c]), y: tensor([2, 2, 3, c]), dy: tensor([2, 2, 3, c]) },
        { depthRadius, bias: 1, alpha: 0.5, beta: 0.75 },
      ),
    ),
  ...Object.fromEntries(
    ['ResizeBilinear', 'ResizeNearestNeighbor'].map((name) => [
      name,
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }), oneOf('plain', 'align', 'half'))
        .chain(([from, to, mode]) =>
          call(
            { images: tensor([2, from, from + 1, 2]) },
            { alignCorners: mode === 'align', halfPixelCenters: mode === 'half', size: [to, to + 2] },
          ),
        ),
    ]),
  ),
  ...Object.fromEntries(
    ['ResizeBilinearGrad', 'ResizeNearestNeighborGrad'].map((name) => [
      name,
      fc
        .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 8 }), fc.boolean())
        .chain(([from, to, alignCorners]) =>
          // Square images of several pixels, and one image: for others the cpu kernels mix up shapes and offsets, or never end.
          call({ images: tensor([1, from, from, 2]), dy: tensor([1, to, to + 2, 2]) }, { alignCorners }),
        ),
    ]),
  ),
  FlipLeftRight: small.chain((n) => call({ image: tensor([2, 3, n + 1, 2]) })),
};
