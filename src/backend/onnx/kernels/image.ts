import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { floats } from './elementwise.js';
import { kernel, type AnyKernel, type KernelTable } from './kernel.js';

interface ResizeAttrs {
  alignCorners: boolean;
  halfPixelCenters?: boolean;
  size: [number, number];
}

type ImageShape = [number, number, number, number];

/** How many input pixels one output pixel is apart from the next. */
function ratio(from: number, to: number, alignCorners: boolean): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** For each output pixel along one axis, the two input pixels it lies between, and how far along. */
function between(from: number, to: number, { alignCorners, halfPixelCenters }: Omit<ResizeAttrs, 'size'>) {
  const step = ratio(from, to, alignCorners);
  const at = range(to).map((i) => (halfPixelCenters ? step * (i + 0.5) - 0.5 : step * i));
  const low = at.map((p) => Math.max(0, Math.floor(p)));
  const high = at.map((p) => Math.min(from - 1, Math.ceil(p)));
  return { low, high, fraction: at.map((p, i) => p - (low[i] as number)) };
}

function nearest(from: number, to: number, { alignCorners, halfPixelCenters }: Omit<ResizeAttrs, 'size'>): number[] {
  const step = ratio(from, to, alignCorners);
  return range(to).map((i) => {
    const at = halfPixelCenters ? step * (i + 0.5) : step * i;
    return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at)));
  });
}

function interpolate(g: Graph, x: string, axis: 1 | 2, from: number, to: number, attrs: ResizeAttrs): string {
  const { low, high, fraction } = between(from, to, attrs);
  const [a, b] = [low, high].map((rows) => g.op('Gather', [x, g.int64(rows)], { axis })) as [string, string];
  const weights = g.constants.table(Float32Array.from(fraction), axis === 1 ? [to, 1, 1] : [to, 1]);
  return g.op('Add', [a, g.op('Mul', [g.op('Sub', [b, a]), weights])]);
}

function resize(
  lower: (g: Graph, x: string, shape: ImageShape, attrs: ResizeAttrs) => string,
  exact = false,
): AnyKernel {
  return kernel<ResizeAttrs>({
    inputs: ['images'],
    accepts: floats,
    exact,
    infer: ({ size: [h, w] }, [shape = []]) => [
      { shape: [shape[0] as number, h, w, shape[3] as number], dtype: 'float32' },
    ],
    lower(g, { inputs, outputs, attrs }) {
      const [x] = inputs as [Operand];
      g.set(outputs[0] as Operand, lower(g, g.natural(x), x.shape as unknown as ImageShape, attrs));
    },
  });
}

/** Weights [input, output] of one axis, transposed: what each output pixel hands back to each input pixel. */
type HandBack = (from: number, to: number, alignCorners: boolean) => Float32Array;

const bilinearShares: HandBack = (from, to, alignCorners) => {
  const shares = new Float32Array(from * to);
  const { low, high, fraction } = between(from, to, { alignCorners });
  for (let i = 0; i < to; i++) {
    const f = fraction[i] as number;
    shares[(low[i] as number) * to + i]! += 1 - f;
    shares[(high[i] as number) * to + i]! += f;
  }
  return shares;
};

const nearestShares: HandBack = (from, to, alignCorners) => {
  const shares = new Float32Array(from * to);
  nearest(from, to, { alignCorners }).forEach((row, i) => (shares[row * to + i] = 1));
  return shares;
};

function gradient(shares: HandBack): AnyKernel {
  return kernel<{ alignCorners: boolean }>({
    inputs: ['images', 'dy'],
    onlyNative: true,
    accepts: floats,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    work: (_attrs, [x = [], dy = []]) => sizeOf(dy) * ((x[1] ?? 1) + (x[2] ?? 1)),
    lower(g, { inputs, outputs, attrs: { alignCorners } }) {
      const [x, dy] = inputs as [Operand, Operand];
      const [b, h, w, c] = x.shape as unknown as ImageShape;
      const [, outH, outW] = dy.shape as unknown as ImageShape;
      const rows = g.constants.table(shares(h, outH, alignCorners), [h, outH]);
      const columns = g.constants.table(shares(w, outW, alignCorners), [w, outW]);
      const alongRows = g.op('MatMul', [rows, g.reshape(g.natural(dy), null, [b, outH, outW * c])]);
      const both = g.op('MatMul', [columns, g.reshape(alongRows, null, [b * h, outW, c])]);
      g.set(outputs[0] as Operand, g.reshape(both, null, x.shape));
    },
  });
}

export const imageKernels: KernelTable = {
  ResizeBilinear: resize((g, x, [, h, w], attrs) => {
    const wide = interpolate(g, x, 2, w, attrs.size[1], attrs);
    return interpolate(g, wide, 1, h, attrs.size[0], attrs);
  }),
  ResizeNearestNeighbor: resize((g, x, [, h, w], attrs) => {
    const rows = g.op('Gather', [x, g.int64(nearest(h, attrs.size[0], attrs))], { axis: 1 });
    return g.op('Gather', [rows, g.int64(nearest(w, attrs.size[1], attrs))], { axis: 2 });
  }, true),
  ResizeBilinearGrad: gradient(bilinearShares),
  ResizeNearestNeighborGrad: gradient(nearestShares),
  FlipLeftRight: kernel({
    inputs: ['image'],
    accepts: floats,
    exact: true,
    infer: (_attrs, [shape = []]) => [{ shape: [...shape], dtype: 'float32' }],
    lower(g, { inputs, outputs }) {
      const lists = [[-1], [-(2 ** 31)], [2], [-1]].map((list) => g.int64(list));
      g.set(outputs[0] as Operand, g.op('Slice', [g.natural(inputs[0] as Operand), ...lists]));
    },
  }),
};
