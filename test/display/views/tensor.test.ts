import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parameter } from 'strobe';
import { bundleOf } from 'strobe/display';

const text = (value: unknown) => bundleOf(value)['text/plain'];
const html = (value: unknown) => String(bundleOf(value)['text/html']);

it('says shape, dtype and how the values are distributed, and shows the first of them', () => {
  expect(
    text(
      tf.tensor2d([
        [1, 2],
        [3, 6],
      ]),
    ),
  ).toBe('Tensor · float32 [2, 2] · mean 3 · std 1.871 · min 1 · max 6\n1  2\n3  6');
  expect(text(tf.scalar(3.5))).toBe('Tensor · float32 [] · 3.5');
  expect(text(tf.tensor([1, NaN, Infinity]))).toContain(
    'mean 1 · std 0 · min 1 · max 1 · 2 not finite\n1  NaN  Infinity',
  );
  expect(text(tf.zeros([0, 3]))).toContain('[0, 3] · no values\n[]');
  expect(text(tf.range(0, 1000).reshape([2, 20, 25]))).toMatch(/at \[0, :, :\]\n +0 +1 +2.*…\n[\s\S]*\n…$/);
});

it('says of a disposed tensor that it is gone', () => {
  const tensor = tf.zeros([2, 2]);
  tensor.dispose();
  expect(text(tensor)).toBe('Tensor · float32 [2, 2] · disposed: its values are gone');
});

it('shows as a picture what has the shape of one', () => {
  const pictures = [
    [28, 28, 1],
    [5, 28, 28],
    [5, 16, 12, 3],
    [28, 28],
  ];
  for (const shape of pictures) expect(html(tf.ones(shape)), String(shape)).toContain('<img');
  for (const shape of [
    [28, 27],
    [4, 4],
    [2, 28, 27],
    [5, 28, 28, 2],
  ])
    expect(html(tf.ones(shape)), String(shape)).not.toContain('<img');
});

it('shows strings and complex numbers, escaped', () => {
  expect(html(tf.tensor(['<b>']))).toContain('&lt;b&gt;');
  expect(text(tf.complex([1, 2], [3, -4]))).toContain('1+3i  2-4i');
});

it('frees what it makes', () => {
  const tensor = tf.ones([3, 28, 28, 1]);
  const before = tf.memory().numTensors;
  bundleOf(tensor);
  expect(tf.memory().numTensors).toBe(before);
});

it('shows any tensor, and always has text', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 });
  fc.assert(
    fc.property(shapes, fc.constantFrom('float32', 'int32', 'bool'), (shape, dtype) => {
      const tensor = tf.ones(shape, dtype);
      expect(text(tensor)).toContain(`${dtype} [${shape.join(', ')}]`);
      expect(html(tensor)).toContain('<b>Tensor</b>');
      tensor.dispose();
    }),
  );
});

it('shows a parameter with its gradient, and tensors by name as a table', () => {
  const weight = parameter(tf.tensor1d([1, 3]), { requiresGrad: false });
  weight.grad = tf.tensor1d([0.5, 0]);
  expect(text(weight)).toMatch(/^Parameter · .*float32 \[2\].*frozen\n\n1 {2}3\n\nGradient · .*mean 0.25/);
  expect(text({ a: tf.ones([2]), b: tf.zeros([1]) })).toMatch(/a +\[2\] +float32 +1 +0 +1 +1\nb +\[1\]/);
  expect(text([tf.ones([2])])).toMatch(/0 +\[2\] +float32/);
});
