import type { PointwiseCalls } from '../graph/after.js';
import type { AnyKernel } from '../kernels/kernel.js';
import { PointwiseProgram } from '../pointwise/program.js';

const programs = new WeakMap<AnyKernel, Map<string, PointwiseProgram>>();

/** The program for such calls, made once per process. */
export function programFor({ kernel, attrs, present, tensors }: PointwiseCalls): PointwiseProgram {
  let made = programs.get(kernel);
  if (!made) programs.set(kernel, (made = new Map()));
  const key = JSON.stringify([attrs, present]);
  let program = made.get(key);
  if (!program) {
    if (!kernel.pointwise) throw new Error('This kernel has no formula.');
    const results = tensors[0]?.results.length ?? 0;
    made.set(key, (program = new PointwiseProgram(kernel.pointwise(attrs as never), present, results)));
  }
  return program;
}
