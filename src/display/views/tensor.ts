import * as tf from '@tensorflow/tfjs-core';
import { alignedText } from '../aligned-text.js';
import type { Drawable } from '../bundle.js';
import { still } from '../figure/still.js';
import { imageGrid } from '../plots/image-grid.js';
import { shortNumber } from '../short-number.js';
import { Table } from '../tables/table.js';
import { Lines, View } from './view.js';

const MOST_ROWS = 8;
const MOST_COLUMNS = 10;
const MOST_PICTURES = 16;
/** Sides of what is taken for a picture, in pixels. */
const [SMALLEST, LARGEST] = [8, 1024];

/** Shape and dtype, how the values are distributed, and some of them: as pictures when the shape says so. */
export function tensorView(tensor: tf.Tensor): View {
  const { dtype, shape, size } = tensor;
  const title = tensor instanceof tf.Variable ? 'Variable' : 'Tensor';
  // tfjs counts variables that nobody named.
  const named = tensor instanceof tf.Variable && Number.isNaN(Number(tensor.name));
  const facts = [...(named ? [tensor.name] : []), `${dtype} ${shapeText(shape)}`];
  if (tensor.isDisposed) return new View(title, [...facts, 'disposed: its values are gone']);
  const values = tensor.dataSync();
  if (dtype === 'string' || dtype === 'complex64') return new View(title, facts, [numbers(tensor, values)]);
  if (size === 1) return new View(title, [...facts, shortNumber(Number(values[0]))]);
  return new View(title, [...facts, ...statisticsOf(values)], [picturesIn(tensor) ?? numbers(tensor, values)]);
}

/** Tensors by name: what they are and how large. */
export function tensorsTable(tensors: readonly (readonly [name: string, tensor: tf.Tensor])[], title?: string): Table {
  const rows = tensors.map(([name, tensor]) => {
    const measured = !tensor.isDisposed && tensor.dtype !== 'string' && tensor.dtype !== 'complex64';
    const { mean, std, low, high } = measured ? momentsOf(tensor.dataSync()) : NOTHING;
    return [name, shapeText(tensor.shape), tensor.isDisposed ? 'disposed' : tensor.dtype, mean, std, low, high];
  });
  const columns = ['', 'shape', 'dtype', 'mean', 'std', 'min', 'max'];
  return new Table({ columns, rows, ...(title === undefined ? {} : { title }) });
}

export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

interface Moments {
  mean: number | undefined;
  std: number | undefined;
  low: number | undefined;
  high: number | undefined;
  notFinite: number;
}

const NOTHING: Moments = { mean: undefined, std: undefined, low: undefined, high: undefined, notFinite: 0 };

/** Of the finite values. Two passes: the squares of large numbers close to each other would cancel. */
function momentsOf(values: ArrayLike<number>): Moments {
  let [sum, count, low, high] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count += 1;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const notFinite = values.length - count;
  if (count === 0) return { ...NOTHING, notFinite };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const off = (values[i] as number) - mean;
    if (Number.isFinite(off)) squares += off * off;
  }
  return { mean, std: Math.sqrt(squares / count), low, high, notFinite };
}

function statisticsOf(values: ArrayLike<number>): string[] {
  if (values.length === 0) return ['no values'];
  const { mean, std, low, high, notFinite } = momentsOf(values);
  const number = (name: string, value: number | undefined) =>
    value === undefined ? [] : [`${name} ${shortNumber(value)}`];
  return [
    ...number('mean', mean),
    ...number('std', std),
    ...number('min', low),
    ...number('max', high),
    ...(notFinite > 0 ? [`${notFinite} not finite`] : []),
  ];
}

/** Squares are taken for pictures, and whatever has 1, 3 or 4 channels. */
function picturesIn(tensor: tf.Tensor): Drawable | undefined {
  const { shape, dtype } = tensor;
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  const sides = (height: number, width: number) => [height, width].every((n) => n >= SMALLEST && n <= LARGEST);
  const coloured = (channels: number) => [1, 3, 4].includes(channels);
  const as = (): number[] | undefined => {
    if (dtype === 'bool' || tensor.size === 0) return undefined;
    if (shape.length === 4 && sides(b, c) && coloured(d)) return [a, b, c, d];
    if (shape.length === 3 && sides(a, b) && coloured(c)) return [1, a, b, c];
    if (shape.length === 3 && sides(b, c) && b === c) return [a, b, c, 1];
    if (shape.length === 2 && sides(a, b) && a === b) return [1, a, b, 1];
    return undefined;
  };
  const shown = as();
  if (!shown) return undefined;
  const images = tf.reshape(tensor, shown);
  try {
    return still(imageGrid(images, { limit: MOST_PICTURES }));
  } finally {
    images.dispose();
  }
}

/** The beginning of the last two dimensions, at index 0 of those before. */
function numbers({ shape, dtype }: tf.Tensor, values: ArrayLike<number | string>): Drawable {
  const [rows = 1, columns = 1] = shape.length >= 2 ? shape.slice(-2) : [1, ...shape];
  const cell = (value: unknown) => (typeof value === 'number' ? shortNumber(value) : JSON.stringify(value));
  const at = (row: number, column: number) => {
    const i = row * columns + column;
    if (dtype !== 'complex64') return cell(values[i]);
    const imaginary = Number(values[2 * i + 1]);
    return `${cell(values[2 * i])}${imaginary < 0 ? '-' : '+'}${shortNumber(Math.abs(imaginary))}i`;
  };
  const across = Math.min(columns, MOST_COLUMNS);
  const lines = Array.from({ length: Math.min(rows, MOST_ROWS) }, (_, row) => [
    ...Array.from({ length: across }, (__, column) => at(row, column)),
    ...(columns > across ? ['…'] : []),
  ]);
  if (columns * rows === 0) return new Lines('[]');
  const align = lines[0]?.map(() => 'right' as const) ?? [];
  const text = alignedText(lines[0] ?? [], lines.slice(1), align);
  const before =
    shape.length > 2
      ? [
          `at [${shape
            .slice(0, -2)
            .map(() => 0)
            .join(', ')}, :, :]`,
        ]
      : [];
  return new Lines([...before, text, ...(rows > MOST_ROWS ? ['…'] : [])].join('\n'));
}
