import * as tf from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { modulesIn, Module } from '../../module/module.js';
import { tensorsIn } from '../../tensors/tree.js';
import { kernelFlops } from './flops.js';

export type Part = Module | layers.layers.Layer;

/** What the example's way through a part looked like. */
export interface Passage {
  inSizes: string;
  outSizes: string;
  /** Floating-point operations inside the part, in all of its calls. */
  flops: number;
}

export interface Measured {
  passages: Map<Part, Passage>;
  flops: number;
}

type RunKernel = (name: string, inputs: Record<string, tf.Tensor>, attrs?: object) => unknown;
type Call = (...inputs: unknown[]) => unknown;

/**
 * Sends the module's `exampleInput` through it, in evaluation mode, and looks at what passes through each part: modules
 * by their `forward`, tfjs layers by their `call`. Modes are restored, tensors disposed.
 */
export function measure(module: Module, parts: readonly Part[]): Measured {
  const { exampleInput } = module;
  const passages = new Map<Part, Passage>();
  if (exampleInput === undefined) return { passages, flops: 0 };
  const open: Passage[] = [];
  let total = 0;
  let depth = 0;
  const restore = [
    ...[...new Set(parts)].map((part) => intercept(part, part instanceof Module ? 'forward' : 'call', watch(part))),
    intercept(tf.engine(), 'runKernel', count as (original: Call) => Call),
  ];
  const modes = modulesIn(module).map((each) => [each, each.training] as const);

  function watch(part: Part): (original: Call) => Call {
    return (original) =>
      (...inputs) => {
        const passage = passages.get(part) ?? { inSizes: sizesOf(inputs), outSizes: '?', flops: 0 };
        passages.set(part, passage);
        open.push(passage);
        try {
          const output = original(...inputs);
          passage.outSizes = sizesOf(output);
          return output;
        } finally {
          open.pop();
        }
      };
  }

  function count(original: RunKernel): RunKernel {
    return (name, inputs, attrs) => {
      depth += 1;
      try {
        const outputs = original(name, inputs, attrs);
        // An engine may compute a kernel by calling others: what was asked for counts, once.
        const flops = depth === 1 ? kernelFlops(name, inputs, outputs, attrs) : 0;
        total += flops;
        for (const passage of new Set(open)) passage.flops += flops;
        return outputs;
      } finally {
        depth -= 1;
      }
    };
  }

  try {
    module.train(false);
    tf.tidy(() => void module.forward(...(Array.isArray(exampleInput) ? exampleInput : [exampleInput])));
    return { passages, flops: total };
  } finally {
    for (const undo of restore) undo();
    for (const [each, training] of modes) each.training = training;
  }
}

/** Puts another method in place of one, on this object alone; gives what takes it away again. */
function intercept(target: object, method: string, wrap: (original: Call) => Call): () => void {
  const owner = target as Record<string, Call>;
  const own = Object.getOwnPropertyDescriptor(owner, method);
  Object.defineProperty(owner, method, {
    value: wrap((owner[method] as Call).bind(owner)),
    configurable: true,
    enumerable: false,
    writable: true,
  });
  return () => {
    if (own) Object.defineProperty(owner, method, own);
    else delete owner[method];
  };
}

/** `[10, 256]`; several tensors separated by commas. */
function sizesOf(tree: unknown): string {
  return tensorsIn(tree)
    .map(({ shape }) => `[${shape.join(', ')}]`)
    .join(', ');
}
