import type * as tf from '@tensorflow/tfjs-core';
import { engine } from '../../../tensors/engine.js';
import { BufferPool } from '../buffers.js';
import { neededFor } from '../graph/build.js';
import type { AnyKernel } from '../kernels/kernel.js';
import { resolveOptions, type ResolvedOptions } from '../options.js';
import type { Runtime } from '../runtime.js';
import type { TraceNode } from '../trace/node.js';
import { sameAttributes } from '../trace/equal.js';
import { Trace } from '../trace/trace.js';
import { asTyped, sameShape, Value, type NumericType, type Shape } from '../values.js';
import { GraphCaller } from './call.js';
import { CompiledGraph } from './compiled.js';
import { CpuKernels } from './cpu.js';
import { explainFailure } from './failure.js';
import { interpret } from './interpret.js';
import type { RunObserver } from './observer.js';
import { computeOrFail } from './salvage.js';
import { SessionCache } from './sessions.js';
import { SmallWork } from './small-work.js';
import { type EngineStats, emptyStats } from './stats.js';

/** Values in a trace after which a program that repeats itself without gradients is cut where it repeats. */
const REPEAT_AFTER = 512;
/** Values in a trace at most. */
const MAX_TRACE = 20_000;
/** Nodes of the trie at most. */
const MAX_NODES = 30_000;

/** Records kernel calls and, when their results are needed, computes them all at once. */
export class Recorder {
  readonly trace: Trace;
  readonly pool: BufferPool;
  readonly sessions: SessionCache;
  readonly cpu = new CpuKernels();
  readonly stats: EngineStats = emptyStats();
  readonly smallWork = new SmallWork(this.cpu);
  /** Sees how a step is computed, so that it can be done again. */
  watch: RunObserver | null = null;

  readonly #caller: GraphCaller;
  /** The gradient tape that was active when this trace was recorded. */
  #tape: unknown = null;
  #flushRequested = false;
  /** The last kernel was an optimizer's update. */
  #stepEnds = false;
  /** Disposed inputs of this trace: their arrays are free once it has run. */
  #released: Value[] = [];
  #firstCall: { name: string; attrs: unknown; shapes: Shape[] } | null = null;

  constructor(
    readonly runtime: Runtime,
    public options: Readonly<ResolvedOptions>,
    valueOf: (dataId: tf.DataId) => Value,
  ) {
    this.pool = new BufferPool(options.poolBytes);
    this.#caller = new GraphCaller(runtime, this.pool);
    this.sessions = new SessionCache(options.maxSessions);
    this.trace = new Trace(valueOf);
    this.trace.onDrop = (branch) => this.sessions.dropBranch(branch);
  }

  record(
    name: string,
    kernel: AnyKernel,
    inputs: readonly (tf.TensorInfo | undefined)[],
    attrs: unknown,
  ): tf.TensorInfo[] {
    if (this.#shouldFlush(name, kernel, inputs, attrs)) this.flush();
    this.#stepEnds = kernel.endsStep === true;
    this.#tape = engine().state.activeTape ?? this.#tape;
    if (this.trace.empty) this.#firstCall = { name, attrs, shapes: inputs.map((t) => t?.shape ?? []) };
    return this.trace.call(name, kernel, inputs, attrs);
  }

  /** Computes what is recorded before the next kernel is; by then, what is disposed until then need not be computed. */
  requestFlush(): void {
    this.#flushRequested = true;
  }

  /** Tells that a value is disposed, so that its array can be used again. */
  release(value: Value): void {
    if (value.data === null) return;
    if (value.trace === this.trace.epoch) this.#released.push(value);
    else this.#recycle(value);
  }

  /**
   * Computes everything recorded. Results that depend on a kernel that fails keep its error for whoever needs them.
   * @throws KernelFailure where an optimizer's update is lost: a step is taken as a whole or not at all.
   */
  flush(): void {
    this.#flushRequested = false;
    const { trace } = this;
    if (trace.empty) return;
    const { end, inputs } = trace;
    const wanted: Value[] = [];
    for (const value of trace.results) if (value !== null && !value.disposed) wanted.push(value);
    try {
      const brokenStep = computeOrFail(end, wanted, (values) => {
        if (values !== wanted && this.watch) this.watch.disturbed = true;
        this.#compute(end, values, inputs);
      });
      if (brokenStep) throw brokenStep;
    } finally {
      trace.restart();
      this.#tape = null;
      for (const value of this.#released) this.#recycle(value);
      this.#released = [];
      if (trace.size > MAX_NODES) this.#prune();
    }
  }

  /**
   * Computes what is recorded if nothing is, or if it has the same bits wherever it is computed.
   * @returns false if it was left as it is.
   */
  flushExact(): boolean {
    if (this.trace.empty) {
      // What was written until now is older than what comes.
      this.trace.restart();
      return true;
    }
    if (!this.trace.end.path().every(({ kernel }) => kernel === null || kernel.exact === true)) return false;
    this.flush();
    return true;
  }

  /**
   * Runs a graph that has run before on other values: what it is fed, in its order. Undefined where it cannot be run,
   * because work is recorded that must not be computed apart, values are gone, or the graph is.
   */
  runAgain(graph: CompiledGraph, given: readonly (tf.DataId | ArrayLike<number>)[]): Value[] | undefined {
    if (!this.flushExact() || !graph.current) return undefined;
    const fed = given.map((input, i) => {
      if (!('length' in input)) return this.trace.valueOf(input);
      const { type, shape } = (graph.inputs[i] as CompiledGraph['inputs'][number]).port;
      return new Value(shape, type, asTyped(input, type));
    });
    if (fed.some(({ data }) => data === null)) return undefined;
    const results = graph.wanted.map((_, i) => {
      const { type, shape } = graph.made[i] as CompiledGraph['made'][number];
      return new Value(shape, type, null);
    });
    try {
      this.#run(graph, fed, results);
      this.stats.repeated++;
    } catch (cause) {
      throw explainFailure(cause, graph.end.path());
    }
    return results;
  }

  /** Forgets every compiled graph and every buffer. */
  dispose(): void {
    this.sessions.clear();
    this.pool.clear();
    if (this.trace.empty) this.#prune();
  }

  /**
   * Threads of every graph from now on. Their number decides in which order sums are taken, and so the last bits.
   * @throws ConfigurationError for a number that is none of threads.
   */
  setThreads(threads: number): void {
    if (threads === this.options.threads) return;
    const options = resolveOptions({ ...this.options, threads });
    this.flush();
    this.sessions.clear();
    this.options = options;
  }

  #shouldFlush(
    name: string,
    kernel: AnyKernel,
    inputs: readonly (tf.TensorInfo | undefined)[],
    attrs: unknown,
  ): boolean {
    if (this.trace.empty) return false;
    if (this.#flushRequested || this.trace.length > MAX_TRACE) return true;
    if (this.#stepEnds && !kernel.endsStep) return true;
    const { activeTape } = engine().state;
    // Another gradient computation begins: the last one's step is complete, however it was programmed.
    if (activeTape) return this.#tape !== null && this.#tape !== activeTape;
    if (this.#tape !== null || this.trace.length < REPEAT_AFTER) return false;
    // A loop that nobody reads from (evaluating a model, say) is cut where it starts again, so that its traces are alike.
    const first = this.#firstCall;
    return (
      first?.name === name &&
      sameAttributes(first.attrs, attrs) &&
      inputs.every((t, i) => sameShape(t?.shape ?? [], first.shapes[i] ?? []))
    );
  }

  #compute(end: TraceNode, wanted: readonly Value[], inputs: readonly Value[]): void {
    const ids = wanted.map((value) => value.id);
    const graph = this.#knownGraph(end, ids) ?? this.#compileOrInterpret(end, ids, wanted, inputs);
    if (!graph) return;
    const fed = graph.inputs.map(({ position }) => inputs[position] as Value);
    this.#run(graph, fed, wanted);
    this.watch?.ran({ graph, inputs, results: wanted });
  }

  #knownGraph(end: TraceNode, ids: readonly number[]): CompiledGraph | undefined {
    const graph = this.sessions.find(end, ids);
    // Bits outside of a run are those of a process that had none.
    if (graph?.rounds === true && !this.smallWork.isSteady) return undefined;
    if (graph === undefined || graph.current) return graph;
    this.sessions.drop(graph);
    return undefined;
  }

  #compileOrInterpret(
    end: TraceNode,
    ids: readonly number[],
    wanted: readonly Value[],
    inputs: readonly Value[],
  ): CompiledGraph | null {
    const path = end.path();
    const { nodes } = neededFor(path, ids);
    if (this.smallWork.isDone(end, nodes)) {
      this.stats.interpreted++;
      if (this.watch) this.watch.disturbed = true;
      const results = interpret(path, ids, inputs, this.cpu);
      results.forEach((data, i) => ((wanted[i] as Value).data = data));
      return null;
    }
    const started = performance.now();
    const graph = new CompiledGraph(this.runtime, end, ids, this.options);
    graph.rounds = this.smallWork.rounds(nodes);
    this.sessions.add(graph);
    this.stats.compiled++;
    this.stats.compileMs += performance.now() - started;
    return graph;
  }

  #run(graph: CompiledGraph, fed: readonly Value[], results: readonly Value[]): void {
    this.sessions.touch(graph);
    this.#caller.call(graph, fed, results);
    this.stats.runs++;
  }

  #prune(): void {
    this.trace.prune((end) => this.sessions.has(end));
  }

  #recycle(value: Value): void {
    if (value.data !== null) this.pool.give(value.dtype as NumericType, value.data);
    value.data = null;
    value.native = null;
  }
}
