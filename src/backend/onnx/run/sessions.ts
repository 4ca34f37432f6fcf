import type { CompiledGraph } from './compiled.js';

/** Compiled graphs, the least recently used first to go: each holds native memory, and threads if it is large. */
export class SessionCache {
  readonly #used = new Set<CompiledGraph>();

  constructor(readonly max: number) {}

  get size(): number {
    return this.#used.size;
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
    graph.dispose();
  }

  clear(): void {
    for (const graph of this.#used) this.drop(graph);
  }
}
