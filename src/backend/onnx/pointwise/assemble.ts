import type { Arithmetic, Formula } from './arithmetic.js';

/** Opcodes of https://webassembly.github.io/spec/core/appendix/index-instructions.html */
const op = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32LessUnsigned: 0x49,
  i32Add: 0x6a,
  vector: 0xfd,
} as const;
const vectorOp = {
  load: 0,
  loadSplat: 9,
  store: 11,
  sqrt: 227,
  add: 228,
  sub: 229,
  mul: 230,
  div: 231,
  max: 233,
} as const;
const type = { i32: 0x7f, v128: 0x7b, function: 0x60, empty: 0x40 } as const;
const section = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const;
const MEMORY = 2;
const [MAGIC, VERSION] = [
  [0x00, 0x61, 0x73, 0x6d],
  [1, 0, 0, 0],
];

const VECTOR_BYTES = 16;
/** The first parameter; the arrays follow. */
const BYTES = 0;

/**
 * Compiles a formula to a WebAssembly module that exports `run(bytes, ...arrays)`: it computes so many bytes, a multiple of
 * 16, of the arrays at these addresses: those of the inputs that are present, then those of the results. Its numbers are at
 * the start of memory.
 */
export function assemble(formula: Formula, present: readonly boolean[], results: number): Uint8Array<ArrayBuffer> {
  const parameters = 1 + present.filter(Boolean).length + results;
  const at = parameters;
  let locals = parameters + 1;
  const before: number[] = [];
  const body: number[] = [];
  const get = (local: number) => [op.localGet, ...unsigned(local)];
  /** Keeps what is on top of the stack. */
  const keep = (code: number[]): number => {
    code.push(op.localSet, ...unsigned(locals));
    return locals++;
  };
  const compute = (operation: keyof typeof vectorOp, ...operands: number[]): number => {
    body.push(...operands.flatMap(get), ...vector(operation));
    return keep(body);
  };
  const numbers = new Map<number, number>();
  const arithmetic: Arithmetic<number> = {
    number(index) {
      let local = numbers.get(index);
      if (local === undefined) {
        before.push(op.i32Const, 0, ...vector('loadSplat'), 2, ...unsigned(4 * index));
        numbers.set(index, (local = keep(before)));
      }
      return local;
    },
    add: (a, b) => compute('add', a, b),
    sub: (a, b) => compute('sub', a, b),
    mul: (a, b) => compute('mul', a, b),
    div: (a, b) => compute('div', a, b),
    max: (a, b) => compute('max', a, b),
    sqrt: (a) => compute('sqrt', a),
  };

  let array = BYTES + 1;
  const address = () => [...get(array++), ...get(at), op.i32Add];
  const inputs = present.map((is) => {
    if (!is) return undefined;
    body.push(...address(), ...vector('load'), 4, 0);
    return keep(body);
  });
  for (const result of formula(arithmetic, inputs)) body.push(...address(), ...get(result), ...vector('store'), 4, 0);

  const advance = [...get(at), op.i32Const, VECTOR_BYTES, op.i32Add, op.localTee, ...unsigned(at)];
  const loop = [op.loop, type.empty, ...body, ...advance, ...get(BYTES), op.i32LessUnsigned, op.branchIf, 0, op.end];
  const declared = [
    [1, type.i32],
    [...unsigned(locals - at - 1), type.v128],
  ];
  return moduleOf(parameters, [...list(declared), ...before, ...loop, op.end]);
}

/** A module of one function of so many whole numbers, which uses a memory that it is given. */
function moduleOf(parameters: number, code: number[]): Uint8Array<ArrayBuffer> {
  const integers = Array.from({ length: parameters }, () => [type.i32]);
  const sections: [number, number[][]][] = [
    [section.types, [[type.function, ...list(integers), ...list([])]]],
    [section.imports, [[...name(''), ...name('memory'), MEMORY, 0, 1]]],
    [section.functions, [[0]]],
    [section.exports, [[...name('run'), 0, 0]]],
    [section.code, [[...unsigned(code.length), ...code]]],
  ];
  const bytes = sections.flatMap(([id, items]) => {
    const content = list(items);
    return [id, ...unsigned(content.length), ...content];
  });
  return Uint8Array.from([...MAGIC, ...VERSION, ...bytes]);
}

/** LEB128, https://webassembly.github.io/spec/core/binary/values.html#integers */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

const list = (items: readonly number[][]) => [...unsigned(items.length), ...items.flat()];
const name = (text: string) => list([...Buffer.from(text)].map((byte) => [byte]));
const vector = (operation: keyof typeof vectorOp) => [op.vector, ...unsigned(vectorOp[operation])];
