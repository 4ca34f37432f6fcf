import * as tf from '@tensorflow/tfjs-core';
import { engine, type TapeNode } from '../tensors/engine.js';
import { scoped, type Scoped } from '../tensors/scope.js';

/**
 * Forward and backward as two phases.
 *
 * tfjs's public API differentiates a function in one go. Its engine, however, records every kernel call on a tape whose
 * nodes know how to turn the gradients of their outputs into those of their inputs. Recording the forward pass, taking
 * the tape out of the engine, and walking it later gives the same gradients bit for bit, and leaves room between the two
 * for hooks, for a pause, for a look at the loss.
 */
export class Tape {
  #nodes: TapeNode[];

  /** @internal Use {@link record}. */
  constructor(nodes: TapeNode[]) {
    this.#nodes = nodes;
  }

  /** Number of recorded kernel calls. */
  get length(): number {
    return this.#nodes.length;
  }

  /**
   * d(loss)/d(x) for each x of `xs`, times `scale`. An x that the loss does not depend on has no gradient (undefined).
   * The tape can be walked once; it is disposed afterwards, unless the walk failed: then it may be tried again. The caller
   * owns the gradients.
   *
   * @param scale multiplies every gradient, as if the loss had been multiplied by it.
   */
  gradients(loss: tf.Scalar, xs: readonly tf.Tensor[], scale = 1): (tf.Tensor | undefined)[] {
    const gradients = differentiate(this.#nodes, loss, xs, scale);
    this.dispose();
    return gradients;
  }

  /** Lets go of what the forward pass saved for the backward pass. */
  dispose(): void {
    for (const node of this.#nodes) for (const tensor of node.saved ?? []) tensor.dispose();
    this.#nodes = [];
  }
}

/**
 * The same while `record` is still running: the gradients of what has been recorded so far. The recording goes on, and
 * may be differentiated again. The caller owns the gradients.
 */
export function gradientsSoFar(loss: tf.Scalar, xs: readonly tf.Tensor[]): (tf.Tensor | undefined)[] {
  const recorded = engine().state.activeTape ?? [];
  return unrecorded(() => differentiate(recorded, loss, xs, 1));
}

/** Runs synchronous code in the middle of a recording without recording it. */
export function unrecorded<T>(f: () => T): T {
  const restore = stash();
  try {
    return f();
  } finally {
    restore();
  }
}

function differentiate(
  recorded: readonly TapeNode[],
  loss: tf.Scalar,
  xs: readonly tf.Tensor[],
  scale: number,
): (tf.Tensor | undefined)[] {
  return tf.tidy(() => {
    const byTensor = new Map<number, tf.Tensor>([[loss.id, tf.fill(loss.shape, scale)]]);
    try {
      for (const node of dependingOn(recorded, xs).reverse()) {
        walking = node.kernelName;
        backThrough(node, byTensor);
      }
    } finally {
      walking = undefined;
    }
    const gradients = xs.map((x) => byTensor.get(x.id));
    for (const gradient of gradients) if (gradient) tf.keep(gradient);
    return gradients as tf.Tensor[];
  });
}

/** The nodes whose outputs are functions of `xs`, each with only those inputs that are. */
function dependingOn(recorded: readonly TapeNode[], xs: readonly tf.Tensor[]): TapeNode[] {
  const reached = new Set(xs.map((x) => x.id));
  const nodes: TapeNode[] = [];
  for (const node of recorded) {
    const inputs = Object.entries(node.inputs).filter(([, input]) => reached.has(input.id));
    if (inputs.length === 0) continue;
    for (const output of node.outputs) reached.add(output.id);
    nodes.push({ ...node, inputs: Object.fromEntries(inputs) });
  }
  return nodes;
}

let walking: string | undefined;

/** The kernel whose gradient is being computed, if one is. */
export function gradientUnderWay(): string | undefined {
  return walking;
}

/** One node of the walk: the gradients of its outputs become contributions to those of its inputs. */
function backThrough(node: TapeNode, byTensor: Map<number, tf.Tensor>): void {
  const dys = node.outputs.map((output) => byTensor.get(output.id));
  if (dys.every((dy) => dy === undefined)) return; // The loss does not depend on it.
  if (!node.gradient) {
    throw new Error(
      `tfjs has no gradient for the kernel ${node.kernelName}, which lies between a parameter and the loss.`,
    );
  }
  // Outputs that the loss does not depend on stay undefined; tfjs's node fills in zeros for them.
  const inputGradients = node.gradient(dys as tf.Tensor[]);
  for (const [name, input] of Object.entries(node.inputs)) {
    const compute = inputGradients[name];
    if (!compute) throw new Error(`tfjs's gradient of ${node.kernelName} gives none for its input ${name}.`);
    const dx = tf.tidy(compute);
    const sum = byTensor.get(input.id);
    byTensor.set(input.id, sum ? tf.add(sum, dx) : dx);
    sum?.dispose();
  }
}

/** What the engine held before, put back when a recording ends: tapes are global, and a user may have one open. */
function stash(): () => void {
  const { state } = engine();
  const { activeTape, gradientDepth } = state;
  state.activeTape = null;
  state.gradientDepth = 0;
  return () => {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  };
}

/**
 * Runs `forward` and records it. Tensors made on the way are disposed, except those in the result, which the caller owns.
 * `forward` must be synchronous.
 */
export function record<T>(forward: () => T): Scoped<T> & { tape: Tape } {
  const restore = stash();
  const { state } = engine();
  engine().startTape();
  let tape: Tape | undefined;
  try {
    const outcome = scoped('forward', forward);
    tape = new Tape(state.activeTape ?? []);
    return { ...outcome, tape };
  } finally {
    if (!tape) new Tape(state.activeTape ?? []).dispose();
    restore();
  }
}
