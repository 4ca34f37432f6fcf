import type { AnyKernel, Call } from '../kernels/kernel.js';
import { sameAttributes } from '../trace/equal.js';
import { sizeOf } from '../values.js';
import type { TraceNode } from '../trace/node.js';
import { Graph } from './graph.js';
import type { Operand } from './operand.js';
import { encodeModel, type OnnxPort } from './proto.js';

/** What a flush needs to know about a graph to feed it. */
export interface BuiltGraph {
  model: Uint8Array<ArrayBuffer>;
  /** The trace's inputs that the graph takes, by position, and the names they go by. */
  inputs: { position: number; port: OnnxPort }[];
  outputs: OnnxPort[];
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
  const inputs: BuiltGraph['inputs'] = [];
  const constants: TraceNode[] = [];
  let work = 0;

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
      inputs.push({ position: node.position, port });
      graph.set(input, port.name);
      continue;
    }
    constants.push(node);
    if (input.constant.length === 1)
      graph.setCompact(input, graph.scalar(input.dtype, input.constant[0] as number), []);
    else graph.set(input, graph.constants.list('int32', Array.from(input.constant), input.shape));
  }

  const calls = nodes.filter(({ kernel }) => kernel !== null);
  let together: RecordedCall[] = [];
  calls.forEach((node, i) => {
    const kernel = node.kernel as AnyKernel;
    const call = new RecordedCall(node, outputsOf(node), operand);
    work += node.work;
    graph.label = `${node.name}#${node.first}`;
    if (!kernel.lowerTogether) return kernel.lower(graph, call as never);
    together.push(call);
    if (differInTensorsOnly(node, calls[i + 1])) return;
    kernel.lowerTogether(graph, together as never);
    together = [];
  });

  const outputs = wanted.map((id): OnnxPort => ({ name: `y${id}`, type: operand(id).dtype, shape: operand(id).shape }));
  nameOutputs(
    graph,
    outputs.map(({ name }, i) => ({ name, from: graph.natural(operand(wanted[i] as number)) })),
  );
  const model = encodeModel({
    nodes: graph.nodes,
    constants: graph.constants.all,
    inputs: inputs.map((i) => i.port),
    // The binding gets to the first of them before it is stopped (see runtime.ts).
    outputs: outputs.toSorted((a, b) => sizeOf(a.shape) - sizeOf(b.shape)),
  });
  return { model, inputs, outputs, constants, work, operators: graph.nodes.length };
}

/** Whether two calls may be lowered together: the list of numbers that `vary` has split off comes last. */
function differInTensorsOnly(node: TraceNode, next: TraceNode | undefined): boolean {
  return (
    next?.kernel === node.kernel && next.inputs.at(-1) === node.inputs.at(-1) && sameAttributes(next.attrs, node.attrs)
  );
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
