import type { BufferPool } from '../buffers.js';
import type { NativeTensor, Runtime } from '../runtime.js';
import { sameShape, type NumericData, type NumericType, type Shape, type Value } from '../values.js';
import type { CompiledGraph } from './compiled.js';
import { explainFailure } from './failure.js';

/** Calls graphs: what they take is handed over as it is, and what they make gets its arrays here. */
export class GraphCaller {
  constructor(
    readonly runtime: Runtime,
    readonly pool: BufferPool,
  ) {}

  /** @param results get their data */
  call(graph: CompiledGraph, fed: readonly Value[], results: readonly Value[]): void {
    const feeds: Record<string, NativeTensor> = {};
    graph.inputs.forEach(({ port }, i) => {
      if (port.native) feeds[port.name] = this.#viewOf(fed[i] as Value, port.shape);
    });
    const fetches: Record<string, NativeTensor> = {};
    const rooms: NumericData[] = [];
    try {
      graph.made.forEach(({ name, type, shape, size, native }, i) => {
        const room = this.#room(graph, i, type, size);
        rooms.push(room);
        if (native) fetches[name] = this.#tensor(type, room, shape);
      });
      graph.run(feeds, fetches, [...fed.map(({ data }) => data as NumericData), ...rooms]);
    } catch (cause) {
      this.#giveBack(graph, rooms, 0);
      throw cause;
    }
    this.#giveBack(graph, rooms, results.length);
    results.forEach((value, i) => {
      const { name } = graph.made[i] as CompiledGraph['made'][number];
      value.native = fetches[name] ?? null;
      value.data = rooms[i] as NumericData;
    });
  }

  #giveBack(graph: CompiledGraph, rooms: readonly NumericData[], from: number): void {
    for (let i = from; i < rooms.length; i++)
      this.pool.give((graph.made[i] as CompiledGraph['made'][number]).type, rooms[i] as NumericData);
  }

  /** The view the native library reads or writes a value through. */
  #viewOf(value: Value, shape: Shape): NativeTensor {
    if (value.native !== null && sameShape(value.native.dims, shape)) return value.native;
    value.native = this.#tensor(value.dtype as NumericType, value.data as NumericData, shape);
    return value.native;
  }

  /** An array for something that a graph makes. */
  #room(graph: CompiledGraph, position: number, type: NumericType, size: number): NumericData {
    try {
      return graph.slabFor(position)?.take(size) ?? this.pool.take(type, size);
    } catch (cause) {
      const path = graph.end.path();
      const id = graph.wanted[position] ?? -1;
      throw explainFailure(
        cause,
        path,
        path.find(({ first, outputs }) => id >= first && id < first + outputs.length),
      );
    }
  }

  #tensor(type: NumericType, data: NumericData, shape: Shape): NativeTensor {
    return new this.runtime.Tensor(type as 'float32', data as Float32Array, shape);
  }
}
