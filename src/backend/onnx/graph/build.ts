import type { AnyKernel, Call } from '../kernels/kernel.js';
import { sizeOf } from '../values.js';
import type { TraceNode } from '../trace/node.js';
import { canWait, together, type PointwiseCalls } from './after.js';
import { Graph } from './graph.js';
import type { Operand } from './operand.js';
import { encodeModel, type OnnxPort } from './proto.js';

/** A tensor that goes in or comes out; `native` if through the graph, and not only through what is computed after it. */
export interface Port extends OnnxPort {
  native: boolean;
}

/** What a flush needs to know about a graph to feed it. */
export interface BuiltGraph {
  /** Null where nothing is left for a graph. */
  model: Uint8Array<ArrayBuffer> | null;
  /** The trace's inputs that it takes, by position, and the names they go by. */
  inputs: { position: number; port: Port }[];
  /** The wanted values. */
  outputs: Port[];
  /** What the graph gives for `after`, and nobody else wants. */
  between: Port[];
  /** What is computed after the graph, in order. */
  after: PointwiseCalls[];
  /** Input nodes whose constants are compiled in: the graph is good for as long as they are constant. */
  constants: TraceNode[];
  /** Elementary operations of one run. */
  work: number;
  /** ONNX operators, for the curious. */
  operators: number;
}

/** The nodes that the wanted values depend on, and how often each value is used by them. */
export function neededFor(path: readonly TraceNode[], wanted: readonly number[]) {
  const needed = new Set(wanted);
  const uses = new Map<number, number>();
  const nodes: TraceNode[] = [];
  for (let i = path.length - 1; i >= 0; i--) {
    const node = path[i] as TraceNode;
    if (!node.outputs.some((_, j) => needed.has(node.first + j))) continue;
    nodes.push(node);
    for (const id of node.inputs) {
      needed.add(id);
      uses.set(id, (uses.get(id) ?? 0) + 1);
    }
  }
  // Whatever is wanted afterwards has one more user.
  for (const id of wanted) uses.set(id, (uses.get(id) ?? 0) + 1);
  return { nodes: nodes.reverse(), uses };
}

/** Translates the part of a trace that the wanted values depend on. */
export function buildGraph(
  path: readonly TraceNode[],
  wanted: readonly number[],
  channelBlock: () => number,
): BuiltGraph {
  const { nodes, uses } = neededFor(path, wanted);
  const operands = new Map<number, Operand>();
  const producers = new Map<number, TraceNode>();
  const operand = (id: number) => operands.get(id) as Operand;
  const callOf = (id: number) => {
    const node = producers.get(id);
    return node && { name: node.name, inputs: node.inputs.filter((i) => i >= 0).map(operand), attrs: node.attrs };
  };
  const graph = new Graph(uses, callOf, channelBlock);
  const inputs: { id: number; position: number; port: OnnxPort }[] = [];
  const constants: TraceNode[] = [];

  const outputsOf = (node: TraceNode) =>
    node.outputs.map(({ shape, dtype }, i) => {
      const made: Operand = { id: node.first + i, shape, dtype, constant: node.constant };
      operands.set(made.id, made);
      producers.set(made.id, node);
      return made;
    });

  for (const node of nodes.filter(({ kernel }) => kernel === null)) {
    const [input] = outputsOf(node) as [Operand];
    if (input.constant === null) {
      const port = { name: `x${input.id}`, type: input.dtype, shape: input.shape };
      inputs.push({ id: input.id, position: node.position, port });
      graph.set(input, port.name);
      continue;
    }
    constants.push(node);
    if (input.constant.length === 1)
      graph.setCompact(input, graph.scalar(input.dtype, input.constant[0] as number), []);
    else graph.set(input, graph.constants.list('int32', Array.from(input.constant), input.shape));
  }

  const [compiledIn, wantedIds] = [new Set(constants.map(({ first }) => first)), new Set(wanted)];
  const waiting = new Set<TraceNode>();
  let work = 0;
  for (const node of nodes.filter(({ kernel }) => kernel !== null)) {
    const call = new RecordedCall(node, outputsOf(node), operand);
    if (canWait(node, uses, wantedIds, compiledIn)) {
      waiting.add(node);
      continue;
    }
    work += node.work;
    graph.label = `${node.name}#${node.first}`;
    (node.kernel as AnyKernel).lower(graph, call as never);
  }

  const isLate = (id: number) => waiting.has(producers.get(id) as TraceNode);
  const taken = new Set([...inputs.map(({ id }) => id), ...wanted]);
  const asked = new Set([...waiting].flatMap((node) => node.inputs.filter((id) => id >= 0)));
  const between = [...asked].filter((id) => !taken.has(id));
  const places = new Map([...taken, ...between].map((id, i) => [id, i]));

  const portOf = (id: number): OnnxPort => ({ name: `y${id}`, type: operand(id).dtype, shape: operand(id).shape });
  const native = [...wanted.filter((id) => !isLate(id)), ...between];
  nameOutputs(
    graph,
    native.map((id) => ({ name: `y${id}`, from: graph.natural(operand(id)) })),
  );
  const used = new Set(graph.nodes.flatMap((node) => node.inputs));
  const fed = inputs.map(({ position, port }) => ({ position, port: { ...port, native: used.has(port.name) } }));
  return {
    model: native.length === 0 ? null : encode(graph, fed, native.map(portOf)),
    inputs: fed,
    outputs: wanted.map((id) => ({ ...portOf(id), native: !isLate(id) })),
    between: between.map((id) => ({ ...portOf(id), native: true })),
    after: together([...waiting], (id) => places.get(id) ?? -1),
    constants,
    work,
    operators: graph.nodes.length,
  };
}

function encode(graph: Graph, inputs: BuiltGraph['inputs'], outputs: OnnxPort[]): Uint8Array<ArrayBuffer> {
  return encodeModel({
    nodes: graph.nodes,
    constants: graph.constants.all,
    inputs: inputs.map(({ port }) => port).filter((port) => port.native),
    // The binding gets to the first of them before it is stopped (see runtime.ts).
    outputs: outputs.toSorted((a, b) => sizeOf(a.shape) - sizeOf(b.shape)),
  });
}

/** Gives the tensors that are outputs their names. One that is an input, or two outputs at once, is copied. */
function nameOutputs(graph: Graph, outputs: readonly { name: string; from: string }[]): void {
  const renamed = new Map<string, string>();
  for (const { name, from } of outputs) {
    if (graph.producer(from) && !renamed.has(from)) renamed.set(from, name);
    else graph.nodes.push({ name, op: 'Identity', domain: '', inputs: [from], outputs: [name], attributes: {} });
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  for (const node of graph.nodes) {
    node.inputs = node.inputs.map(rename);
    node.outputs = node.outputs.map(rename);
  }
}

class RecordedCall implements Call {
  readonly inputs: readonly Operand[];

  constructor(
    readonly node: TraceNode,
    readonly outputs: readonly Operand[],
    operand: (id: number) => Operand,
  ) {
    // An optional input that is missing leaves a hole that only `optional` looks into.
    this.inputs = node.inputs.map((id) => (id < 0 ? (undefined as unknown as Operand) : operand(id)));
  }

  get attrs(): unknown {
    return this.node.attrs;
  }

  optional(index: number): Operand | undefined {
    return this.inputs[index];
  }
}
