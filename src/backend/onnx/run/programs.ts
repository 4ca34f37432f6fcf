import type { PointwiseCalls } from '../graph/after.js';
import type { AnyKernel } from '../kernels/kernel.js';
import { PointwiseProgram } from '../pointwise/program.js';

/** Held by the graphs that use them: their memory, which may be large, goes with the last of these and its arrays. */
const programs = new WeakMap<AnyKernel, Map<string, WeakRef<PointwiseProgram>>>();

/** Numbers in a slab: of tiny models, and at most, which is 256 MiB. What has no room there is copied. */
const [LEAST, MOST] = [2 ** 16, 2 ** 26];

/** The program for such calls, the same one for models of about the same size. */
export function programFor({ kernel, attrs, present, elements, tensors }: PointwiseCalls): PointwiseProgram {
  let made = programs.get(kernel);
  if (!made) programs.set(kernel, (made = new Map()));
  const results = tensors[0]?.results.length ?? 0;
  const arrays = present.filter(Boolean).length + results;
  const room = Math.min(MOST, Math.max(LEAST, 2 ** Math.ceil(Math.log2(arrays * elements))));
  const key = JSON.stringify([attrs, present, room]);
  let program = made.get(key)?.deref();
  if (!program) {
    if (!kernel.pointwise) throw new Error('This kernel has no formula.');
    program = new PointwiseProgram(kernel.pointwise(attrs as never), present, results, room);
    made.set(key, new WeakRef(program));
  }
  return program;
}
