import { sameNumbers } from '../trace/equal.js';
import type { TraceNode } from '../trace/node.js';
import type { CompiledGraph } from './compiled.js';

/**
 * Compiled graphs by the end of the trace they compute, one per set of results that were still wanted. The least recently
 * used go first: each holds native memory, and threads if it is large.
 */
export class SessionCache {
  readonly #used = new Set<CompiledGraph>();
  readonly #byEnd = new Map<TraceNode, CompiledGraph[]>();

  constructor(readonly max: number) {}

  get size(): number {
    return this.#used.size;
  }

  /** The graph that computes these results of the trace that ends here. */
  find(end: TraceNode, wanted: readonly number[]): CompiledGraph | undefined {
    return this.#byEnd.get(end)?.find((graph) => sameNumbers(graph.wanted, wanted));
  }

  has(end: TraceNode): boolean {
    return this.#byEnd.has(end);
  }

  add(graph: CompiledGraph): void {
    const others = this.#byEnd.get(graph.end);
    if (others) others.push(graph);
    else this.#byEnd.set(graph.end, [graph]);
    this.touch(graph);
  }

  touch(graph: CompiledGraph): void {
    this.#used.delete(graph);
    this.#used.add(graph);
    if (this.#used.size <= this.max) return;
    const [oldest] = this.#used;
    if (oldest) this.drop(oldest);
  }

  drop(graph: CompiledGraph): void {
    this.#used.delete(graph);
    const others = this.#byEnd.get(graph.end)?.filter((other) => other !== graph) ?? [];
    if (others.length > 0) this.#byEnd.set(graph.end, others);
    else this.#byEnd.delete(graph.end);
    graph.dispose();
  }

  /** Drops the graphs of every trace that ends in a branch. */
  dropBranch(branch: TraceNode): void {
    for (const graph of this.#byEnd.get(branch) ?? []) this.drop(graph);
    for (const child of branch.children) this.dropBranch(child);
  }

  clear(): void {
    for (const graph of this.#used) this.drop(graph);
  }
}
