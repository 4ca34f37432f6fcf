import { sameShape, sizeOf, type NumericType, type Shape } from '../values.js';
import { Constants } from './constants.js';
import type { Operand } from './operand.js';
import { elementType, type Attribute, type ElementType, type OnnxNode } from './proto.js';

/** Where the channels of an image batch are: last, as in tfjs, or right after the batch, as in ONNX. */
export type Layout = 'natural' | 'channelsFirst';

/** The names under which one traced value exists in the graph. A value may exist in several forms; each is made when asked for. */
interface Forms {
  natural: string | null;
  channelsFirst: string | null;
  /** A smaller tensor that broadcasts to the value, which is not spelled out unless somebody needs it. */
  compact: { name: string; shape: Shape } | null;
}

type Attributes = Readonly<Record<string, Attribute>>;

/** An ONNX graph under construction: kernels ask for their inputs in the form they need, and set their outputs. */
export class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly constants = new Constants();
  readonly #forms = new Map<number, Forms>();
  readonly #once = new Map<string, string>();
  readonly #producers = new Map<string, OnnxNode>();
  readonly #later = new Map<number, () => void>();
  #names = 0;
  #intermediates = -1;
  /** Prefix of node names; errors of the native library quote it. */
  label = '';

  constructor(
    /** How often the results that are needed use a value. */
    readonly uses: ReadonlyMap<number, number>,
    /** Finds the traced call that computes a value, and what it computes it from. */
    readonly callOf: (id: number) => { name: string; inputs: Operand[]; attrs: unknown } | undefined,
    /** Channels that convolutions of this machine take side by side; 0 where there are no such convolutions. */
    readonly channelBlock: () => number,
  ) {}

  /** Adds an operator and gives the name of its output. */
  op(type: string, inputs: readonly string[], attributes: Attributes = {}, domain: OnnxNode['domain'] = ''): string {
    return this.ops(type, inputs, 1, attributes, domain)[0] as string;
  }

  /** Adds an operator with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Attributes = {},
    domain: OnnxNode['domain'] = '',
  ): string[] {
    const outputs = Array.from({ length: count }, () => `t${this.#names++}`);
    const name = `${this.label}/${this.nodes.length}`;
    const node: OnnxNode = { name, op: type, domain, inputs: [...inputs], outputs, attributes };
    this.nodes.push(node);
    for (const output of outputs) this.#producers.set(output, node);
    return outputs;
  }

  /** The operator that makes the tensor of that name; undefined for inputs and constants. */
  producer(name: string): OnnxNode | undefined {
    return this.#producers.get(name);
  }

  /** A second output of an operator that exists already, e.g. the positions a max pooling found. */
  extraOutput(node: OnnxNode, index: number): string {
    while (node.outputs.length <= index) {
      const name = `t${this.#names++}`;
      node.outputs.push(name);
      this.#producers.set(name, node);
    }
    return node.outputs[index] as string;
  }

  float(value: number): string {
    return this.constants.scalar('float32', value);
  }

  scalar(dtype: NumericType, value: number): string {
    return this.constants.scalar(dtype, value);
  }

  /** A list of whole numbers, such as axes or a shape. */
  int64(values: readonly number[], shape: Shape = [values.length]): string {
    return this.constants.list('int64', values, shape);
  }

  cast(name: string, to: ElementType): string {
    return this.op('Cast', [name], { to: elementType[to] });
  }

  reshape(name: string, from: Shape | null, to: Shape): string {
    return from !== null && sameShape(from, to) ? name : this.op('Reshape', [name, this.int64(to)]);
  }

  transpose(name: string, perm: readonly number[]): string {
    return perm.every((from, to) => from === to) ? name : this.op('Transpose', [name], { perm });
  }

  /** A value with its axes in another order; asked for twice, it is made once. */
  transposed(x: Operand, perm: readonly number[]): string {
    return this.once(`transposed:${x.id}:${perm.join()}`, () => this.transpose(this.natural(x), perm));
  }

  /** What `make` adds, added once under that key. */
  once(key: string, make: () => string): string {
    let name = this.#once.get(key);
    if (name === undefined) this.#once.set(key, (name = make()));
    return name;
  }

  /** A tensor filled with one number. */
  filled(shape: Shape, value: number, dtype: NumericType): string {
    const scalar = this.scalar(dtype, value);
    return shape.length === 0 ? scalar : this.op('Expand', [scalar, this.int64(shape)]);
  }

  /** Computes a value only if somebody asks for it. */
  setLater(x: Operand, make: () => void): void {
    const { label } = this;
    this.#later.set(x.id, () => {
      const asking = this.label;
      this.label = label;
      make();
      this.label = asking;
    });
  }

  /** The call that computes a value, where that is a kernel of this name and only one other uses its result. */
  onlyUsed(x: Operand, name: string): { inputs: Operand[]; attrs: unknown } | undefined {
    const call = this.callOf(x.id);
    return call?.name === name && this.uses.get(x.id) === 1 ? call : undefined;
  }

  /** A value that exists only inside the lowering of one kernel. */
  intermediate(like: Operand): Operand {
    // Numbers below zero never meet those of the trace.
    return { id: --this.#intermediates, shape: like.shape, dtype: like.dtype, constant: null };
  }

  set(x: Operand, name: string, layout: Layout = 'natural'): void {
    this.#of(x)[layout] = name;
  }

  /** The value is `name` broadcast to its shape. */
  setCompact(x: Operand, name: string, shape: Shape): void {
    const forms = this.#of(x);
    if (sameShape(shape, x.shape)) forms.natural = name;
    else forms.compact = { name, shape };
  }

  /** The value's name in tfjs's own layout. */
  natural(x: Operand): string {
    const forms = this.#of(x);
    if (forms.natural !== null) return forms.natural;
    if (forms.compact !== null) forms.natural = this.op('Expand', [forms.compact.name, this.int64(x.shape)]);
    else if (forms.channelsFirst !== null) forms.natural = this.#move(forms.channelsFirst, x.shape, 'natural');
    else throw new Error(`The value ${x.id} is used before it is computed.`);
    return forms.natural;
  }

  /** The value's name with its last axis moved behind the first. */
  channelsFirst(x: Operand): string {
    const forms = this.#of(x);
    return (forms.channelsFirst ??= this.#move(this.natural(x), x.shape, 'channelsFirst'));
  }

  /** The value in whichever layout it exists. */
  either(x: Operand): { name: string; layout: Layout } {
    return this.onlyChannelsFirst(x)
      ? { name: this.channelsFirst(x), layout: 'channelsFirst' }
      : { name: this.natural(x), layout: 'natural' };
  }

  onlyChannelsFirst(x: Operand): boolean {
    const forms = this.#of(x);
    return forms.natural === null && forms.compact === null && forms.channelsFirst !== null;
  }

  /** The smaller tensor that broadcasts to the value, while the value itself is not spelled out. */
  compact(x: Operand): { name: string; shape: Shape } | null {
    const forms = this.#of(x);
    return forms.natural === null ? forms.compact : null;
  }

  /** The value's name, or something smaller that broadcasts to it; for operators whose other input has the full shape. */
  broadcastable(x: Operand): string {
    return this.compact(x)?.name ?? this.natural(x);
  }

  #of(x: Operand): Forms {
    const make = this.#later.get(x.id);
    if (make) {
      this.#later.delete(x.id);
      make();
    }
    let forms = this.#forms.get(x.id);
    if (forms === undefined) this.#forms.set(x.id, (forms = { natural: null, channelsFirst: null, compact: null }));
    return forms;
  }

  /** Between the layouts; without moving anything where there is only one channel or one pixel. */
  #move(name: string, shape: Shape, to: Layout): string {
    const rank = shape.length;
    const last = rank - 1;
    const channelsFirst = [shape[0] ?? 1, shape[last] ?? 1, ...shape.slice(1, last)];
    const target = to === 'natural' ? shape : channelsFirst;
    const pixels = sizeOf(shape.slice(1, last));
    if (shape[last] === 1 || pixels === 1) return this.reshape(name, null, target);
    const axes = Array.from({ length: rank - 2 }, (_, i) => i);
    const perm = to === 'natural' ? [0, ...axes.map((i) => i + 2), 1] : [0, last, ...axes.map((i) => i + 1)];
    return this.transpose(name, perm);
  }
}
