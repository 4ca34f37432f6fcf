import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '../values.js';

/** How a window (a filter, a pool) moves over the spatial axes of a batch; two axes or three. */
export interface Window {
  size: number[];
  strides: number[];
  dilations: number[];
  /** Zeros (or nothing, for pools) before and after each axis. */
  before: number[];
  after: number[];
  /** Lengths of the spatial axes that go in and come out. */
  input: number[];
  output: number[];
  /** tfjs's shape of the result. */
  shape: number[];
}

type Pad = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
type Rounding = 'floor' | 'round' | 'ceil' | undefined;

export interface ConvAttrs {
  strides: number | [number, number];
  pad: Pad;
  dilations?: number | [number, number] | null;
  dimRoundingMode?: Rounding;
}

export interface PoolAttrs {
  filterSize: number | [number, number] | [number, number, number];
  strides: number | [number, number] | [number, number, number];
  pad: Pad;
  dimRoundingMode?: Rounding;
  dataFormat?: string;
}

export function conv2dWindow(x: Shape, filter: Shape, attrs: ConvAttrs, depthwise = false): Window {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    [...x] as [number, number, number, number],
    [...filter] as [number, number, number, number],
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return window2d(info);
}

export function conv3dWindow(
  x: Shape,
  filter: Shape,
  attrs: { strides: unknown; dilations?: unknown; pad: unknown },
): Window {
  const info = tf.backend_util.computeConv3DInfo(
    [...x] as [number, number, number, number, number],
    [...filter] as [number, number, number, number, number],
    attrs.strides as number,
    (attrs.dilations ?? 1) as number,
    attrs.pad as 'valid' | 'same',
  );
  return window3d(info);
}

export function poolWindow(x: Shape, attrs: PoolAttrs): Window {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  if (x.length === 4) {
    return window2d(
      tf.backend_util.computePool2DInfo(
        [...x] as [number, number, number, number],
        filterSize as number,
        strides as number,
        1,
        pad,
        dimRoundingMode,
      ),
    );
  }
  return window3d(
    tf.backend_util.computePool3DInfo(
      [...x] as [number, number, number, number, number],
      filterSize as number,
      strides as number,
      1,
      pad as 'valid' | 'same' | number,
      dimRoundingMode,
    ),
  );
}

function window2d(info: tf.backend_util.Conv2DInfo): Window {
  const { padInfo: p } = info;
  return {
    size: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [p.top, p.left],
    after: [p.bottom, p.right],
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    shape: info.outShape,
  };
}

function window3d(info: tf.backend_util.Conv3DInfo): Window {
  const { padInfo: p } = info;
  return {
    size: [info.filterDepth, info.filterHeight, info.filterWidth],
    strides: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilations: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    before: [p.front, p.top, p.left],
    after: [p.back, p.bottom, p.right],
    input: [info.inDepth, info.inHeight, info.inWidth],
    output: [info.outDepth, info.outHeight, info.outWidth],
    shape: info.outShape,
  };
}

/** Input elements left over behind the last position of the window; negative where it reaches past the padding. */
export function leftOver(w: Window): number[] {
  return w.size.map((size, i) => {
    const reach = w.strides[i]! * (w.output[i]! - 1) + w.dilations[i]! * (size - 1) + 1;
    return w.input[i]! + w.before[i]! + w.after[i]! - reach;
  });
}

/**
 * False for windows that ONNX cannot move the way tfjs does: rounded up at the border, nothing left of the output, or
 * padded by less than nothing, as tfjs pads when strides are longer than the window.
 */
export function fitsOnnx(w: Window): boolean {
  if ([...w.before, ...w.after].some((n) => n < 0)) return false;
  return w.output.every((n) => n > 0) && leftOver(w).every((n, i) => n >= 0 && n < w.strides[i]!);
}

/** ONNX refuses windows that may lie wholly in the padding. */
export function fitsPool(x: Shape, attrs: PoolAttrs): boolean {
  if (attrs.dataFormat && attrs.dataFormat !== 'NDHWC' && attrs.dataFormat !== 'NHWC') return false;
  const w = poolWindow(x, attrs);
  return fitsOnnx(w) && w.size.every((n, i) => w.before[i]! < n && w.after[i]! < n);
}

/** The window as attributes of ONNX's operators. */
export function windowAttributes(w: Window): {
  kernel_shape: number[];
  strides: number[];
  dilations: number[];
  pads: number[];
} {
  return { kernel_shape: w.size, strides: w.strides, dilations: w.dilations, pads: [...w.before, ...w.after] };
}

/** Each element of the window as its offset along the spatial axes, last axis fastest. */
export function offsets(w: Window): number[][] {
  return w.size.reduce<number[][]>(
    (all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])),
    [[]],
  );
}
