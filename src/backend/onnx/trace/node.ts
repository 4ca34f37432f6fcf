import type { AnyKernel, Output } from '../kernels/kernel.js';
import type { NumericData } from '../values.js';

/**
 * One step on the way through the trie of everything recorded so far: a value that enters from outside (`kernel` is
 * null), or a kernel call. Its outputs have the numbers `first`, `first + 1`, ...
 */
export class TraceNode {
  readonly children: TraceNode[] = [];
  /** The child taken last, which in a training loop is the one taken next. */
  expected: TraceNode | null = null;
  /** For an input: the value compiled into graphs, until it turns out to change. */
  constant: NumericData | null = null;
  /** How often a trace ended here. */
  sightings = 0;
  /** Holds the stack of the call that recorded this node first. */
  site: Error | null = null;

  constructor(
    readonly parent: TraceNode | null,
    readonly name: string,
    readonly kernel: AnyKernel | null,
    /** Numbers of the inputs; -1 for an optional one that is missing. */
    readonly inputs: readonly number[],
    readonly attrs: unknown,
    readonly outputs: readonly Output[],
    readonly first: number,
    /** For an input: which one it is, counted from the start of the trace. */
    readonly position: number,
    readonly work: number,
  ) {}

  /** The nodes from the start of the trace to this one. */
  path(): TraceNode[] {
    const path: TraceNode[] = [];
    let { parent } = this;
    if (parent !== null) path.push(this);
    for (; parent?.parent; parent = parent.parent) path.push(parent);
    return path.reverse();
  }
}
