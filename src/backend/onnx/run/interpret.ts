import type * as tf from '@tensorflow/tfjs-core';
import { neededFor } from '../graph/build.js';
import type { TraceNode } from '../trace/node.js';
import { reshapeKernel } from '../trace/reshape.js';
import type { NumericData, Value } from '../values.js';
import type { CpuKernels, KernelInputs } from './cpu.js';
import { explainFailure } from './failure.js';

/** Computes the wanted values of a trace with the cpu backend's kernels, one by one. Gives their data in that order. */
export function interpret(
  path: readonly TraceNode[],
  wanted: readonly number[],
  inputs: readonly Value[],
  cpu: CpuKernels,
): NumericData[] {
  const infos = new Map<number, tf.TensorInfo>();
  const lent = new Set<ArrayBufferLike>();
  const release: tf.TensorInfo[] = [];
  try {
    for (const node of neededFor(path, wanted).nodes) {
      const outputs = compute(node, { infos, inputs, cpu, path, lent });
      outputs.forEach((info, i) => infos.set(node.first + i, info));
      if (node.kernel !== reshapeKernel) release.push(...outputs);
    }
    return wanted.map((id) => cpu.collect(infos.get(id) as tf.TensorInfo, lent).data as NumericData);
  } finally {
    for (const info of release) cpu.release(info);
  }
}

/** What interpreting a trace has come to. */
interface Progress {
  path: readonly TraceNode[];
  inputs: readonly Value[];
  infos: ReadonlyMap<number, tf.TensorInfo>;
  cpu: CpuKernels;
  /** Memory of the inputs. */
  lent: Set<ArrayBufferLike>;
}

function compute(node: TraceNode, { path, inputs, infos, cpu, lent }: Progress): tf.TensorInfo[] {
  const { kernel, name } = node;
  if (kernel === null) return [cpu.lend(inputs[node.position] as Value, node.outputs[0]?.shape ?? [], lent)];
  const given = node.inputs.map((id) => infos.get(id));
  if (kernel === reshapeKernel) return [{ ...(given[0] as tf.TensorInfo), shape: node.outputs[0]?.shape ?? [] }];
  let attrs = node.attrs as object;
  if (kernel.unvary) {
    const list = given.pop() as tf.TensorInfo;
    attrs = kernel.unvary(attrs as never, Array.from(cpu.backend.data.get(list.dataId).values as Int32Array));
  }
  try {
    return [cpu.call(name, namedInputs(kernel.inputs, given), attrs)].flat();
  } catch (cause) {
    throw explainFailure(cause, path, node);
  }
}

/** tfjs passes inputs by name, or as an array where there may be any number of them. */
function namedInputs(names: readonly string[] | 'list', given: readonly (tf.TensorInfo | undefined)[]): KernelInputs {
  if (names === 'list') return given as unknown as KernelInputs;
  return Object.fromEntries(names.map((name, i) => [name.replace('?', ''), given[i]]));
}

/** True when every kernel of a trace also exists for the cpu backend. */
export function canInterpret(nodes: readonly TraceNode[], cpu: CpuKernels): boolean {
  return nodes.every(({ name, kernel }) => {
    if (kernel === null || kernel === reshapeKernel) return true;
    if (kernel.onlyNative) return false;
    return cpu.has(name) && Boolean(kernel.vary) === Boolean(kernel.unvary);
  });
}
