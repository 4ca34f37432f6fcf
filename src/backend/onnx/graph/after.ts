import type { AnyKernel } from '../kernels/kernel.js';
import { sameAttributes } from '../trace/equal.js';
import type { TraceNode } from '../trace/node.js';
import { sameShape, sizeOf } from '../values.js';

/** Calls that are computed after a graph, and differ in nothing but their tensors. */
export interface PointwiseCalls {
  kernel: AnyKernel;
  attrs: unknown;
  /** Which of the kernel's inputs the calls have. */
  present: boolean[];
  /** Where the list of numbers is, among all that a run holds. */
  numbers: number;
  /** Of one tensor of each call, together. */
  elements: number;
  /** Where their tensors are, likewise; -1 for a result that nobody wants. */
  tensors: { inputs: number[]; results: number[] }[];
}

/** Whether a call can wait until the graph has run: nothing in that needs its results, and all it takes can be looked up. */
export function canWait(
  node: TraceNode,
  uses: ReadonlyMap<number, number>,
  wanted: ReadonlySet<number>,
  constant: ReadonlySet<number>,
): boolean {
  if (node.kernel?.pointwise === undefined || node.inputs.some((id) => constant.has(id))) return false;
  return node.outputs.every((_, i) => {
    const id = node.first + i;
    return (uses.get(id) ?? 0) === (wanted.has(id) ? 1 : 0);
  });
}

/** Puts together what differs in tensors only. `place` tells where a value is among all that a run holds. */
export function together(nodes: readonly TraceNode[], place: (id: number) => number): PointwiseCalls[] {
  const all: (PointwiseCalls & { first: TraceNode })[] = [];
  for (const node of nodes) {
    let calls = all.at(-1);
    if (!calls || !alike(calls.first, node)) {
      const present = node.inputs.slice(0, -1).map((id) => id >= 0);
      const numbers = place(node.inputs.at(-1) as number);
      calls = {
        first: node,
        kernel: node.kernel as AnyKernel,
        attrs: node.attrs,
        present,
        numbers,
        elements: 0,
        tensors: [],
      };
      all.push(calls);
    }
    calls.elements += sizeOf(node.outputs[0]?.shape ?? []);
    calls.tensors.push({
      inputs: node.inputs.slice(0, -1).flatMap((id) => (id < 0 ? [] : place(id))),
      results: node.outputs.map((_, i) => place(node.first + i)),
    });
  }
  return all;
}

function alike(a: TraceNode, b: TraceNode): boolean {
  return (
    a.kernel === b.kernel &&
    a.inputs.at(-1) === b.inputs.at(-1) &&
    sameShape(
      a.inputs.map((id) => Math.sign(id + 1)),
      b.inputs.map((id) => Math.sign(id + 1)),
    ) &&
    sameAttributes(a.attrs, b.attrs)
  );
}
