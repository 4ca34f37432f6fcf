import type { TraceNode } from '../trace/node.js';
import type { CpuKernels } from './cpu.js';
import { canInterpret } from './interpret.js';

/** Work (elementary operations) that the cpu kernels finish before a session would have been called twice. */
const NEVER_COMPILE_BELOW = 5_000;
/** Work that is not worth a compilation of some milliseconds when it may never come again. */
const COMPILE_AT_ONCE_ABOVE = 500_000;

/** What is done with work too small to be worth a native call. */
export class SmallWork {
  /**
   * `javascript`: the cpu backend's kernels do it. `exact`: only where their bits are the same, so that the results of a
   * program do not depend on where somebody looked at a value in between. `native`: it is compiled like all other work.
   */
  mode: 'javascript' | 'exact' | 'native' = 'javascript';
  readonly #cpu: CpuKernels;
  #steady = 0;

  constructor(cpu: CpuKernels) {
    this.#cpu = cpu;
  }

  /** As `exact`, until what it gives back is called. */
  holdExact(): () => void {
    this.#steady++;
    let held = true;
    return () => {
      if (held) this.#steady--;
      held = false;
    };
  }

  get isSteady(): boolean {
    return this.#steady > 0 || this.mode !== 'javascript';
  }

  /** Whether it is so little that the cpu kernels do it unless bits have to be steady: they round differently. */
  rounds(nodes: readonly TraceNode[]): boolean {
    return workOf(nodes) <= NEVER_COMPILE_BELOW && !areExact(nodes) && canInterpret(nodes, this.#cpu);
  }

  /**
   * Whether the cpu kernels do this. Bits must not depend on what a process did before, so work that rounds is judged by
   * its size alone; only work whose bits are the same either way may be compiled on the second sighting.
   */
  isDone(end: TraceNode, nodes: readonly TraceNode[]): boolean {
    const work = workOf(nodes);
    if (work > COMPILE_AT_ONCE_ABOVE || this.mode === 'native') return false;
    if (!areExact(nodes)) return !this.isSteady && this.rounds(nodes);
    if (work > NEVER_COMPILE_BELOW && end.sightings++ > 0) return false;
    return canInterpret(nodes, this.#cpu);
  }
}

function workOf(nodes: readonly TraceNode[]): number {
  return nodes.reduce((sum, { work }) => sum + work, 0);
}

/** Whether the cpu kernels come to the same bits. */
function areExact(nodes: readonly TraceNode[]): boolean {
  return nodes.every(({ kernel }) => kernel === null || kernel.exact === true);
}
