import type { OnnxPort } from '../graph/proto.js';
import type { BuiltGraph } from '../graph/build.js';
import { buildGraph } from '../graph/build.js';
import type { ResolvedOptions } from '../options.js';
import { runInPlace, type NativeSession, type NativeTensor, type Runtime } from '../runtime.js';
import { sizeOf } from '../values.js';
import { channelBlock } from './channel-block.js';
import type { TraceNode } from '../trace/node.js';

/** Below this many elementary operations no kernel splits its work over threads, so the graph gets none. */
const ONE_THREAD_BELOW = 32_768;

/** A trace as a native session: what it takes, what it gives, and how it is run. */
export class CompiledGraph {
  readonly #session: NativeSession;
  readonly inputs: BuiltGraph['inputs'];
  readonly outputs: (OnnxPort & { size: number })[];
  readonly constants: readonly TraceNode[];
  readonly bytes: number;
  disposed = false;
  /** So little work that it is compiled only where bits have to be steady, because it rounds. */
  rounds = false;

  constructor(
    runtime: Runtime,
    readonly end: TraceNode,
    readonly wanted: readonly number[],
    options: ResolvedOptions,
  ) {
    const built = buildGraph(end.path(), wanted, () => channelBlock(runtime));
    this.inputs = built.inputs;
    this.outputs = built.outputs.map((port) => ({ ...port, size: sizeOf(port.shape) }));
    this.constants = built.constants;
    this.bytes = built.model.length;
    this.#session = new runtime.Session();
    this.#session.loadModel(built.model.buffer, built.model.byteOffset, built.model.byteLength, {
      intraOpNumThreads: built.work < ONE_THREAD_BELOW ? 1 : options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // What runs is what the kernels are lowered to. Rewriting takes longer than it saves, and some rewrites round
      // differently: the result of a step would depend on where it was looked at.
      graphOptimizationLevel: 'disabled',
      // An arena keeps the peak of its graph for good; small graphs allocate so little that they need none.
      enableCpuMemArena: built.work >= ONE_THREAD_BELOW,
      logSeverityLevel: 4,
      // Threads that spin do so from operator to operator, not from call to call.
      extra: {
        session: { intra_op: { allow_spinning: options.spinning ? '1' : '0' }, force_spinning_stop: '1' },
      },
    });
  }

  /** False once a value that was compiled in turned out to change. */
  get current(): boolean {
    return !this.disposed && this.constants.every((node) => node.constant !== null);
  }

  run(feeds: Record<string, NativeTensor>, results: Record<string, NativeTensor>): void {
    runInPlace(this.#session, feeds, results);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.#session.dispose();
  }
}
