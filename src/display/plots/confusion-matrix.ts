import type * as tf from '@tensorflow/tfjs-core';
import { ConfigurationError, describe, StrobeError } from '../../errors.js';
import { Figure } from '../figure/figure.js';
import type { Values } from '../figure/spec.js';
import { shortNumber } from '../short-number.js';
import { isTensor, numbersOf, type Numbers } from './values.js';

/** What confusionMatrix takes. */
export interface ConfusionMatrixOptions {
  /** Names of the classes. Default: their numbers. */
  classes?: readonly string[];
  /** Shares of each true class (`true`), of each predicted class (`predicted`), or of all. Default: counts. */
  normalize?: 'true' | 'predicted' | 'all';
  /** Before the share that is right. Default 'Confusion matrix'. */
  title?: string;
}

/** Class indices as they are and as they were predicted. */
export interface Predictions {
  /** What is true. */
  targets: Numbers;
  /** What it was taken for. */
  predictions: Numbers;
}

/**
 * How often each class was taken for which: rows are what was true, columns what was predicted.
 *
 * @param source class indices, or a matrix of counts [classes, classes]
 */
export function confusionMatrix(
  source: Predictions | readonly Values[] | tf.Tensor2D,
  { classes, normalize, title = 'Confusion matrix' }: ConfusionMatrixOptions = {},
): Figure {
  const counts = 'targets' in source ? countPairs(source, classes?.length ?? 0) : matrixOf(source);
  const names = counts.map((_, i) => classes?.[i] ?? String(i));
  const values = normalized(counts, normalize);
  const hits = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const all = counts.flat().reduce((sum, count) => sum + count, 0);
  const share = all > 0 ? ` · ${((100 * hits) / all).toFixed(2)} % of ${all} right` : '';
  return new Figure({
    title: `${title}${share}`,
    panels: [
      {
        kind: 'matrix',
        rows: names,
        columns: names,
        rowLabel: 'true',
        columnLabel: 'predicted',
        values,
        diagonal: true,
        text: (value) => (normalize ? shareText(value) : shortNumber(value)),
      },
    ],
  });
}

/** A share that is rounded away is no zero. */
function shareText(share: number): string {
  return share > 0 && share < 0.005 ? '<.01' : share.toFixed(2);
}

function countPairs({ targets, predictions }: Predictions, classes: number): number[][] {
  const [is, was] = [Array.from(numbersOf(targets)), Array.from(numbersOf(predictions))];
  const wrong = [...is, ...was].find((label) => !Number.isInteger(label) || label < 0);
  if (is.length !== was.length || wrong !== undefined) {
    throw new ConfigurationError(
      StrobeError.compose('confusionMatrix: these are not the classes of the same examples.', {
        expected: 'as many predictions as targets, each the index of a class: 0, 1, 2, ...',
        received: wrong === undefined ? `${is.length} targets and ${was.length} predictions` : describe(wrong),
        hint: 'for scores or one-hot rows, take tf.argMax(scores, -1) first',
      }),
    );
  }
  const size = [...is, ...was].reduce((most, label) => Math.max(most, label + 1), classes);
  const counts = Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
  is.forEach((label, i) => {
    const row = counts[label];
    const column = was[i];
    if (row && column !== undefined) row[column] = (row[column] ?? 0) + 1;
  });
  return counts;
}

function matrixOf(source: readonly Values[] | tf.Tensor2D): number[][] {
  const rows = isTensor(source) ? source.arraySync() : source.map((row) => Array.from(row));
  if (Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.length === rows.length)) return rows;
  throw new ConfigurationError(
    StrobeError.compose('confusionMatrix: this is not a square matrix.', {
      expected: 'as many columns as rows, one for each class',
      received: describe(source),
      hint: 'give counts [classes, classes], or { targets, predictions }',
    }),
  );
}

function normalized(counts: number[][], by: ConfusionMatrixOptions['normalize']): number[][] {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const all = sum(counts.flat());
  return counts.map((row) =>
    row.map((count, j) => {
      const total = {
        true: () => sum(row),
        predicted: () => sum(counts.map((other) => other[j] ?? 0)),
        all: () => all,
      };
      return by === undefined ? count : count / (total[by]() || 1);
    }),
  );
}
