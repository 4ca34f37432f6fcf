import type * as tf from '@tensorflow/tfjs-core';
import type { AnyKernel } from '../kernels/kernel.js';
import { isNumeric, sameShape, sizeOf, Value, type NumericType, type Shape } from '../values.js';
import { sameAttributes, sameNumbers } from './equal.js';
import { TraceNode } from './node.js';
import { reshapeKernel } from './reshape.js';
import { captureSite } from './site.js';

/** Above this, a node keeps only the children taken most recently: a program that never repeats itself must not grow. */
const MAX_CHILDREN = 32;

/**
 * What has been recorded since the last flush, as a walk through the trie of all earlier traces. As long as a program
 * does what it did before, each call only compares itself with the node it expects, and takes its shapes from there.
 */
export class Trace {
  #root = newRoot();
  #cursor = this.#root;
  /** Counts traces; a value carries the number of the trace it has its `id` in. */
  epoch = 0;
  /** By number: the values computed in this trace, null for those that came from outside. */
  results: (Value | null)[] = [];
  /** Values that came from outside, in order. */
  inputs: Value[] = [];
  /** Nodes in the trie. */
  size = 0;

  constructor(readonly valueOf: (dataId: tf.DataId) => Value) {}

  get empty(): boolean {
    return this.results.length === 0;
  }

  /** How many values this trace holds. */
  get length(): number {
    return this.results.length;
  }

  /** Where the trace stands in the trie. */
  get end(): TraceNode {
    return this.#cursor;
  }

  /** Records a kernel call; its results exist from now on, their values later. */
  call(
    name: string,
    kernel: AnyKernel,
    inputs: readonly (tf.TensorInfo | undefined)[],
    attrs: unknown,
  ): tf.TensorInfo[] {
    const ids: number[] = [];
    for (const input of inputs) ids.push(input === undefined ? -1 : this.#use(input));
    const node = this.#step(name, kernel, ids, attrs, inputs);
    const first = this.results.length;
    const infos: tf.TensorInfo[] = [];
    for (const { shape, dtype } of node.outputs) {
      const value = new Value(shape, dtype, null);
      value.trace = this.epoch;
      value.id = first + infos.length;
      this.results.push(value);
      infos.push({ dataId: value, shape, dtype });
    }
    return infos;
  }

  /** Starts the next trace at the root. */
  restart(): void {
    this.epoch++;
    this.results = [];
    this.inputs = [];
    this.#cursor = this.#root;
  }

  /** Forgets every branch of the trie that leads to no node worth keeping. Only between traces. */
  prune(worthKeeping: (node: TraceNode) => boolean): void {
    const keep = (node: TraceNode): boolean => {
      for (let i = node.children.length - 1; i >= 0; i--) {
        const child = node.children[i] as TraceNode;
        if (keep(child)) continue;
        node.children.splice(i, 1);
        if (node.expected === child) node.expected = null;
      }
      if (node.children.length === 0 && !worthKeeping(node)) return false;
      this.size++;
      return true;
    };
    this.size = 0;
    keep(this.#root);
  }

  #use(info: tf.TensorInfo): number {
    const value = this.valueOf(info.dataId);
    const { shape } = info;
    if (value.trace !== this.epoch) return this.#enter(value, shape);
    if (sameShape(value.tracedShape, shape)) return value.id;
    const twin = value.twins?.find((t) => sameShape(t.shape, shape));
    if (twin) return twin.id;
    // tfjs's reshape shares the data; inside a graph the other shape is another tensor.
    const attrs = { shape: [...shape] };
    this.#step('Reshape', reshapeKernel, [value.id], attrs, [{ ...info, shape: [...value.tracedShape] }]);
    const id = this.results.push(null) - 1;
    (value.twins ??= []).push({ shape: attrs.shape, id });
    return id;
  }

  #enter(value: Value, shape: Shape): number {
    const { dtype, data } = value;
    if (value.failure) throw value.failure;
    if (data === null || !isNumeric(dtype)) throw new Error('This tensor is disposed.');
    const node = this.#inputNode(value, shape, dtype);
    if (node.constant !== null && !stillConstant(node.constant, value)) node.constant = null;
    this.#cursor = node;
    this.inputs.push(value);
    value.trace = this.epoch;
    value.tracedShape = node.outputs[0]?.shape ?? shape;
    value.twins = null;
    value.id = this.results.push(null) - 1;
    return value.id;
  }

  #inputNode(value: Value, shape: Shape, dtype: NumericType): TraceNode {
    const cursor = this.#cursor;
    const fits = (node: TraceNode) =>
      node.kernel === null && node.outputs[0]?.dtype === dtype && sameShape(node.outputs[0].shape, shape);
    if (cursor.expected !== null && fits(cursor.expected)) return cursor.expected;
    const known = cursor.children.find(fits);
    if (known) return (cursor.expected = known);
    const outputs = [{ shape: [...shape], dtype }];
    const node = new TraceNode(cursor, 'input', null, [], null, outputs, this.length, this.inputs.length, 0);
    if (value.bornIn === this.epoch && value.uniform) node.constant = (value.data as Float32Array).slice(0, 1);
    else if (value.bornIn === this.epoch && value.varies) node.constant = (value.data as Int32Array).slice();
    return this.#append(node);
  }

  #step(
    name: string,
    kernel: AnyKernel,
    ids: readonly number[],
    attrs: unknown,
    inputs: readonly (tf.TensorInfo | undefined)[],
  ): TraceNode {
    const cursor = this.#cursor;
    const fits = (node: TraceNode) =>
      node.kernel === kernel && sameShape(node.inputs, ids) && sameAttributes(node.attrs, attrs);
    let node = cursor.expected;
    if (node === null || !fits(node)) {
      node = cursor.children.find(fits) ?? this.#addCall(name, kernel, ids, attrs, inputs);
      cursor.expected = node;
    }
    this.#cursor = node;
    return node;
  }

  #addCall(
    name: string,
    kernel: AnyKernel,
    ids: readonly number[],
    attrs: unknown,
    inputs: readonly (tf.TensorInfo | undefined)[],
  ): TraceNode {
    const shapes = inputs.map((t) => t?.shape ?? []);
    const outputs = kernel.infer(
      attrs as never,
      shapes,
      inputs.map((t) => (t?.dtype ?? 'float32') as NumericType),
    );
    const work = kernel.work?.(attrs as never, shapes, outputs) ?? Math.max(...outputs.map((o) => sizeOf(o.shape)));
    const node = new TraceNode(this.#cursor, name, kernel, ids, structuredClone(attrs), outputs, this.length, -1, work);
    node.site = captureSite();
    return this.#append(node);
  }

  #append(node: TraceNode): TraceNode {
    const { children } = this.#cursor;
    if (children.length >= MAX_CHILDREN) {
      const dropped = children.shift() as TraceNode;
      this.onDrop?.(dropped);
    }
    children.push(node);
    this.#cursor.expected = node;
    this.size++;
    return node;
  }

  /** Called with a branch that was dropped, so that its graphs can be. */
  onDrop: ((branch: TraceNode) => void) | null = null;
}

function newRoot(): TraceNode {
  return new TraceNode(null, 'root', null, [], null, [], 0, -1, 0);
}

function stillConstant(constant: ArrayLike<number>, value: Value): boolean {
  if (value.data === null) return false;
  if (constant.length === 1) return value.uniform && Object.is(constant[0], value.data[0]);
  return sameNumbers(constant, value.data);
}
