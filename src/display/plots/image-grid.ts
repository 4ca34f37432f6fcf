import type * as tf from '@tensorflow/tfjs-core';
import { ConfigurationError, StrobeError } from '../../errors.js';
import { Figure } from '../figure/figure.js';
import type { Picture } from '../figure/spec.js';
import { numbersOf, type Numbers } from './values.js';

/** What imageGrid takes. */
export interface ImageGridOptions {
  /** What each picture shows: class indices or names. */
  labels?: Numbers | readonly string[];
  /** What it was taken for. Pictures that were taken for something else than their label are marked. */
  predictions?: Numbers | readonly string[];
  /** Names of the classes, for labels and predictions that are indices. */
  classes?: readonly string[];
  /** Pictures in a row. Default 8. */
  columns?: number;
  /** At most so many. Default 32. */
  limit?: number;
  /** Values of black and of white. Default: 0 and 1, 0 and 255, or the smallest and the largest value, as they fit. */
  range?: readonly [number, number];
  /** Above the pictures. Default: none. */
  title?: string;
}

/**
 * Pictures beside each other.
 *
 * @param images [n, height, width], or [n, height, width, channels] of 1 (grey), 3 (RGB) or 4 channels
 */
export function imageGrid(images: tf.Tensor, options: ImageGridOptions = {}): Figure {
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  if ((images.rank !== 3 && images.rank !== 4) || ![1, 3, 4].includes(channels)) throw notPictures(images);
  const { columns = 8, limit = 32, title, classes } = options;
  const values = images.dataSync();
  const size = height * width * channels;
  const range = options.range ?? rangeOf(values);
  const labels = namesOf(options.labels, classes);
  const predictions = namesOf(options.predictions, classes);
  const pictures = Array.from({ length: Math.min(count, limit) }, (_, i): Picture => {
    const rgba = pixels(values.subarray(i * size, (i + 1) * size), channels, range);
    return { width, height, rgba, ...captionOf(labels?.[i], predictions?.[i]) };
  });
  const more = count > limit ? `${title ?? 'Images'} · the first ${limit} of ${count}` : title;
  const panel = { kind: 'pictures', pictures, columns: Math.max(1, Math.min(columns, pictures.length)) } as const;
  return new Figure({ panels: [panel], ...(more ? { title: more } : {}) });
}

function namesOf(labels: ImageGridOptions['labels'], classes: readonly string[] = []): string[] | undefined {
  if (labels === undefined) return undefined;
  const list = Array.isArray(labels) ? (labels as (string | number)[]) : Array.from(numbersOf(labels as Numbers));
  return list.map((label) => (typeof label === 'number' ? (classes[label] ?? String(label)) : label));
}

function captionOf(label: string | undefined, prediction: string | undefined): Pick<Picture, 'caption' | 'tone'> {
  if (prediction === undefined) return label === undefined ? {} : { caption: label };
  if (label === undefined) return { caption: prediction };
  if (label === prediction) return { caption: label, tone: 'good' };
  return { caption: `${label}→${prediction}`, tone: 'bad' };
}

function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low >= 0 && high <= 1) return [0, 1];
  if (low >= 0 && high <= 255) return [0, 255];
  return low < high ? [low, high] : [0, 1];
}

function pixels(values: ArrayLike<number>, channels: number, [black, white]: readonly [number, number]): Uint8Array {
  const count = values.length / channels;
  const rgba = new Uint8Array(count * 4);
  // Halves, because the difference may be beyond the largest number. NaN becomes black.
  const tone = (i: number) =>
    Math.round(255 * Math.min(1, Math.max(0, ((values[i] ?? 0) / 2 - black / 2) / (white / 2 - black / 2) || 0)));
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    const [red, green, blue] = channels === 1 ? [at, at, at] : [at, at + 1, at + 2];
    rgba.set([tone(red), tone(green), tone(blue), channels === 4 ? tone(at + 3) : 255], i * 4);
  }
  return rgba;
}

function notPictures({ shape }: tf.Tensor): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('imageGrid: this tensor holds no pictures.', {
      expected: 'a shape [n, height, width] or [n, height, width, channels] with 1, 3 or 4 channels',
      received: `[${shape.join(', ')}]`,
      hint: 'reshape it, for example tf.reshape(images, [-1, 28, 28])',
    }),
  );
}
