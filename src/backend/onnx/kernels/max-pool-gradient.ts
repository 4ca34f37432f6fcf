import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import { sizeOf } from '../values.js';
import { meetings } from './convolution.js';
import { floats, zipElements } from './elementwise.js';
import { kernel, type AnyKernel } from './kernel.js';
import { fitsPool, leftOver, poolWindow, windowAttributes, type PoolAttrs, type Window } from './window.js';

/** Where the forward pass found the maximum of each window, as positions in the channels-first images. */
function positions(g: Graph, x: Operand, y: Operand, w: Window): string {
  const forward = g.callOf(y.id)?.name.startsWith('MaxPool') ? g.producer(g.channelsFirst(y)) : undefined;
  if (forward?.op === 'MaxPool') return g.extraOutput(forward, 1);
  const { kernel_shape, strides, pads } = windowAttributes(w);
  return g.ops('MaxPool', [g.channelsFirst(x)], 2, { kernel_shape, strides, pads })[1] as string;
}

/** Whether the windows cover the images side by side, as in most networks. */
function tiles({ size, strides, before, after }: Window): boolean {
  return size.length === 2 && size.every((n, i) => n === strides[i]) && [...before, ...after].every((p) => p === 0);
}

/** For each element of the window what it gets of dy: the first of `meetings` that is the maximum gets it. */
function shares(g: Graph, dy: Operand, y: Operand, meetings: readonly string[]): string[] {
  const [best, grad] = [g.channelsFirst(y), g.channelsFirst(dy)];
  let taken: string | null = null;
  return meetings.map((part) => {
    const hit = g.op('Equal', [part, best]);
    const first: string = taken === null ? hit : g.op('And', [hit, g.op('Not', [taken])]);
    taken = taken === null ? hit : g.op('Or', [taken, hit]);
    return g.op('Where', [first, grad, g.float(0)]);
  });
}

/** [columns][rows] <-> [rows][columns]: a flat list the other way round. */
function crossed<T>(items: readonly T[], rows: number): T[] {
  const columns = items.length / rows;
  return items.map((_, i) => items[(i % columns) * rows + Math.floor(i / columns)] as T);
}

/** For each element of windows side by side, first to last, where it is the maximum: [batch, channels, high, wide]. */
function whereMaximal(g: Graph, x: Operand, y: Operand, w: Window): string[] {
  const [rows, columns] = w.size as [number, number];
  const [high, wide] = w.output as [number, number];
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const [lines, pixels] = [batch * channels * high, rows * batch * channels * high * wide];
  let images = g.channelsFirst(x);
  if (leftOver(w).some((n) => n > 0))
    images = g.op('Slice', [images, g.int64([0, 0]), g.int64([high * rows, wide * columns]), g.int64([2, 3])]);
  // Moving the rows of all windows apart and then their columns takes a third of the time of strided slices.
  const byRow = g.transpose(g.reshape(images, null, [lines, rows, wide * columns]), [1, 0, 2]);
  const byColumn = g.transpose(g.reshape(byRow, null, [pixels, columns]), [1, 0]);
  const elements = g.reshape(byColumn, null, [columns * rows, batch, channels, high, wide]);
  const hits = g.reshape(g.op('Equal', [elements, g.channelsFirst(y)]), null, [
    columns * rows * batch,
    channels,
    high,
    wide,
  ]);
  const sizes = Array.from({ length: rows * columns }, () => batch);
  return crossed(g.ops('Split', [hits, g.int64(sizes)], sizes.length, { axis: 0 }), rows);
}

const FEW_PIXELS = 16_384;

/**
 * The gradient of windows side by side: each hands dy to its first maximum. Finding that by comparing the windows'
 * elements with the maximum is several times faster than having the forward pass write positions down, except for so few
 * that the number of operators is what counts.
 *
 * @param found whether each window that has a dy is known to have an element equal to y; where NaN is about, none is.
 */
function spread(g: Graph, dy: Operand, x: Operand, y: Operand, w: Window, found: boolean): string {
  const handBackTo = (handed: string, places: string) => {
    const shape = [x.shape[0] as number, x.shape.at(-1) as number, ...w.input];
    return g.op('MaxUnpool', [handed, places, g.int64(shape)], { kernel_shape: w.size, strides: w.strides });
  };
  if (found && sizeOf(x.shape) <= FEW_PIXELS) return handBackTo(g.channelsFirst(dy), positions(g, x, y, w));
  const [columns, width] = [w.size[1] as number, w.input[1] as number];
  const placeOf = (k: number) => Math.floor(k / columns) * width + (k % columns);
  const hits = whereMaximal(g, x, y, w);
  const last = hits.length - 1;

  // Each element that is not the maximum, nor comes after it, moves the place on to the next.
  let before = '';
  let place = windowStarts(g, x, w);
  hits.slice(0, found ? last : undefined).forEach((hit, k) => {
    const other = g.op('Not', [hit]);
    before = k === 0 ? other : g.op('And', [before, other]);
    if (k === last) return;
    const [moved, step] = [g.cast(before, 'int32'), placeOf(k + 1) - placeOf(k)];
    place = g.op('Add', [place, step === 1 ? moved : g.op('Mul', [moved, g.scalar('int32', step)])]);
  });
  const given = g.channelsFirst(dy);
  const handed = found ? given : g.op('Where', [before, g.float(0), given]);
  return handBackTo(handed, g.cast(place, 'int64'));
}

/** Where each window begins, as positions in the channels-first images: [batch, channels, high, wide]. */
function windowStarts(g: Graph, x: Operand, { strides, input, output }: Window): string {
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const [high, wide] = output as [number, number];
  const [down, across] = [(strides[0] as number) * (input[1] as number), strides[1] as number];
  const starts = Int32Array.from({ length: high * wide }, (_, i) => down * Math.floor(i / wide) + across * (i % wide));
  const within = g.constants.table(starts, output);
  const images = Int32Array.from({ length: batch * channels }, (_, i) => i * sizeOf(input));
  const planes = g.constants.table(images, [batch, channels, 1, 1]);
  return g.op('Add', [planes, within]);
}

export const maxGradient: AnyKernel = kernel<PoolAttrs>({
  inputs: ['dy', 'input', 'output'],
  accepts: (inputs, attrs) => floats(inputs) && fitsPool(inputs[1]?.shape ?? [], attrs),
  infer: (_attrs, [, x = []]) => [{ shape: [...x], dtype: 'float32' }],
  // Only if somebody asks for it: behind a ReLU its gradient is computed together with that.
  lower: (g, { inputs, outputs, attrs }) =>
    g.setLater(outputs[0] as Operand, () => handBack(g, inputs, outputs[0] as Operand, attrs)),
});

/** Hands dy to where the maxima were found. `found` as in `spread`. */
function handBack(g: Graph, inputs: readonly Operand[], dx: Operand, attrs: PoolAttrs, found = false): void {
  const [dy, x, y] = inputs as [Operand, Operand, Operand];
  const w = poolWindow(x.shape, attrs);
  if (tiles(w)) return g.set(dx, spread(g, dy, x, y, w, found), 'channelsFirst');
  const at = positions(g, x, y, w);
  const images = [x.shape[0] as number, x.shape.at(-1) as number, ...w.input];
  const apart = w.size.every((n, i) => n <= w.strides[i]!);
  // Where windows overlap an element may be the maximum of several, and their gradients add up.
  const flat = [sizeOf(images)];
  const scattered = g.op(
    'ScatterElements',
    [g.filled(flat, 0, 'float32'), g.op('Reshape', [at, g.int64([-1])]), g.reshape(g.channelsFirst(dy), null, [-1])],
    apart ? { axis: 0 } : { axis: 0, reduction: 'add' },
  );
  g.set(dx, g.reshape(scattered, null, images), 'channelsFirst');
}

/**
 * The gradient of the pooling of a ReLU of x, where `gradient` is that of the pooling alone. The maxima that are not
 * above zero are those that the ReLU stops: to leave them out before they are handed back, where there are fewer, is the
 * same. False where `gradient` is something else.
 */
export function poolingOfReluGradient(g: Graph, x: Operand, gradient: Operand, dx: Operand): boolean {
  const call = g.callOf(gradient.id);
  if (call?.name !== 'MaxPoolGrad' || g.uses.get(gradient.id) !== 1) return false;
  const [dy, input, y] = call.inputs as [Operand, Operand, Operand];
  const relu = g.callOf(input.id);
  const isRelu = input.id === x.id || (relu?.name === 'Relu' && relu.inputs[0]?.id === x.id);
  if (!isRelu) return false;
  const passed = g.intermediate(dy);
  zipElements(g, y, dy, passed, (top, d) => g.op('Where', [g.op('Greater', [top, g.float(0)]), d, g.float(0)]));
  handBack(g, [passed, input, y], dx, call.attrs as PoolAttrs, true);
  return true;
}

/** With three axes the last maximum gets the gradient; tfjs's backends have it so. */
export const maxGradient3d: AnyKernel = kernel<PoolAttrs>({
  inputs: ['dy', 'input', 'output'],
  onlyNative: true,
  accepts: (inputs, attrs) => floats(inputs) && fitsPool(inputs[1]?.shape ?? [], attrs),
  infer: (_attrs, [, x = []]) => [{ shape: [...x], dtype: 'float32' }],
  work: (attrs, [dy = [], x = []]) => sizeOf(dy) * sizeOf(poolWindow(x, attrs).size),
  lower(g, { inputs, outputs, attrs }) {
    const [dy, x, y] = inputs as [Operand, Operand, Operand];
    const w = poolWindow(x.shape, attrs);
    const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
    const parts = shares(g, dy, y, meetings(g, x, w, -Infinity).reverse()).reverse();
    const planes = parts.map((part) => g.reshape(part, null, [batch * channels, 1, ...w.output]));
    // A transposed convolution puts each share back where the window met it: every filter is a single one.
    const n = parts.length;
    const ones = Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    const filters = g.constants.table(ones, [n, 1, ...w.size]);
    const attributes = { ...windowAttributes(w), output_padding: leftOver(w) };
    const sums = g.op('ConvTranspose', [g.op('Concat', planes, { axis: 1 }), filters], attributes);
    g.set(outputs[0] as Operand, g.reshape(sums, null, [batch, channels, ...w.input]), 'channelsFirst');
  },
});
