import type { TraceNode } from '../trace/node.js';
import type { Value } from '../values.js';
import { explainFailure, type KernelFailure } from './failure.js';

/**
 * Has values computed that were recorded together. Those that depend on a kernel that fails get its error; the others
 * are computed without it.
 *
 * @param end where the trace ends
 * @param compute computes values of the trace, all of them or none
 * @returns the error of an optimizer's update that was lost, if any
 */
export function computeOrFail(
  end: TraceNode,
  wanted: readonly Value[],
  compute: (values: readonly Value[]) => void,
): KernelFailure | undefined {
  let brokenStep: KernelFailure | undefined;
  for (let rest = wanted; rest.length > 0; rest = rest.filter(({ failure }) => failure === null)) {
    try {
      compute(rest);
      break;
    } catch (cause) {
      const path = end.path();
      const failure = explainFailure(cause, path);
      const lost = dependentsOf(path, failure.node);
      // What nothing depends on is not known well enough: then everything is lost with it.
      const all = !rest.some(({ id }) => lost.has(id));
      for (const value of rest) if (all || lost.has(value.id)) value.failure = failure;
      const ends = path.some(({ kernel, first }) => kernel?.endsStep === true && (all || lost.has(first)));
      if (ends) brokenStep ??= failure;
    }
  }
  return brokenStep;
}

/** The numbers of all values that a kernel's results go into, its own included. */
function dependentsOf(path: readonly TraceNode[], origin: TraceNode | undefined): Set<number> {
  const ids = new Set<number>();
  for (const node of path) {
    if (node !== origin && !node.inputs.some((id) => ids.has(id))) continue;
    node.outputs.forEach((_, i) => ids.add(node.first + i));
  }
  return ids;
}
