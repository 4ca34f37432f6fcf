import { Worker } from 'node:worker_threads';
import { StrobeError } from '../../errors.js';
import type { CompilerMethods, CompilerSettings } from '../compiler/protocol.js';

/** The compiler as the main thread sees it: its methods, as promises. */
export class Compiler {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #calls = 0;
  #ended: Error | undefined;

  constructor(settings: CompilerSettings) {
    this.#worker = startWorker(settings);
    this.#worker.on('message', ({ id, value, error }: { id: number; value: unknown; error?: unknown }) => {
      const call = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if (error === undefined) call?.resolve(value);
      else call?.reject(error);
    });
    this.#worker.on('error', (cause) => this.#end(cause));
    this.#worker.on('exit', () => this.#end());
    this.#worker.unref();
  }

  call<M extends keyof CompilerMethods>(
    method: M,
    value: Parameters<CompilerMethods[M]>[0],
  ): Promise<ReturnType<CompilerMethods[M]>> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#calls++;
    // The process stays alive for an answer that somebody waits for.
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, method, value });
    });
  }

  async dispose(): Promise<void> {
    // Somebody waits for its end: the process stays alive until then. A late answer would let go of it.
    this.#worker.removeAllListeners('message');
    this.#worker.ref();
    await this.#worker.terminate();
  }

  /** Who waits for an answer, and who asks later, is told. */
  #end(cause?: unknown): void {
    this.#ended ??= new StrobeError(
      StrobeError.compose('The thread that compiles cells has ended.', {
        expected: 'a compiler that lives as long as the evaluator',
        received: cause instanceof Error ? cause.message : 'its end',
        hint: 'start anew: in a notebook, restart the kernel',
      }),
      { cause },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/**
 * Of the types that each cell leaves behind V8 lets pile up several times what is used, unless the heap is not to be large. What is used
 * is about 130 MB with TensorFlow.js and Strobe.
 */
const resourceLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 16 };

function startWorker(workerData: CompilerSettings): Worker {
  const isBuilt = import.meta.url.endsWith('.js');
  if (isBuilt) return new Worker(new URL('../compiler/worker.js', import.meta.url), { workerData, resourceLimits });
  // From the sources, as tests do: tsx has to be there before the first import.
  const start = `import('tsx/esm/api').then(tsx => tsx.tsImport('../compiler/worker.ts', ${JSON.stringify(import.meta.url)}))`;
  return new Worker(start, { eval: true, workerData, resourceLimits });
}
