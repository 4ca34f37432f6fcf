import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { NumericType, Shape } from '../values.js';

/**
 * Writes the few messages of an ONNX model that this engine uses. Field numbers are those of `onnx.proto`
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
export type Attribute = number | string | readonly number[] | { float: number };

export interface OnnxNode {
  name: string;
  op: string;
  domain: '' | 'com.microsoft' | 'com.microsoft.nchwc';
  inputs: string[];
  outputs: string[];
  attributes: Readonly<Record<string, Attribute>>;
}

export type ElementType = NumericType | 'int64';

export interface OnnxConstant {
  name: string;
  type: ElementType;
  shape: Shape;
  bytes: Uint8Array;
}

export interface OnnxPort {
  name: string;
  type: NumericType;
  shape: Shape;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  constants: readonly OnnxConstant[];
  inputs: readonly OnnxPort[];
  outputs: readonly OnnxPort[];
}

/** `TensorProto.DataType` */
export const elementType: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9 };

const IR_VERSION = 8;
export const OPSET = 18;

export function encodeModel(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const w = new BinaryWriter();
  w.tag(1, WireType.Varint).int64(IR_VERSION);
  text(w, 2, 'strobe');
  message(w, 7, () => {
    for (const node of graph.nodes) message(w, 1, () => writeNode(w, node));
    text(w, 2, 'step');
    for (const constant of graph.constants) message(w, 5, () => writeConstant(w, constant));
    for (const port of graph.inputs) message(w, 11, () => writePort(w, port));
    for (const port of graph.outputs) message(w, 12, () => writePort(w, port));
  });
  for (const [domain, version] of [
    ['', OPSET],
    ['com.microsoft', 1],
    ['com.microsoft.nchwc', 1],
  ] as const) {
    message(w, 8, () => {
      text(w, 1, domain);
      w.tag(2, WireType.Varint).int64(version);
    });
  }
  return w.finish();
}

function writeNode(w: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(w, 1, input);
  for (const output of node.outputs) text(w, 2, output);
  text(w, 3, node.name);
  text(w, 4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) message(w, 5, () => writeAttribute(w, name, value));
  text(w, 7, node.domain);
}

function writeAttribute(w: BinaryWriter, name: string, value: Attribute): void {
  const type = (code: number) => w.tag(20, WireType.Varint).int32(code);
  text(w, 1, name);
  if (typeof value === 'number') {
    w.tag(3, WireType.Varint).int64(value);
    type(2);
  } else if (typeof value === 'string') {
    text(w, 4, value);
    type(3);
  } else if ('float' in value) {
    w.tag(2, WireType.Bit32).float(value.float);
    type(1);
  } else {
    for (const n of value) w.tag(8, WireType.Varint).int64(n);
    type(7);
  }
}

function writeConstant(w: BinaryWriter, constant: OnnxConstant): void {
  for (const n of constant.shape) w.tag(1, WireType.Varint).int64(n);
  w.tag(2, WireType.Varint).int32(elementType[constant.type]);
  text(w, 8, constant.name);
  w.tag(9, WireType.LengthDelimited).bytes(constant.bytes);
}

function writePort(w: BinaryWriter, port: OnnxPort): void {
  text(w, 1, port.name);
  message(w, 2, () =>
    message(w, 1, () => {
      w.tag(1, WireType.Varint).int32(elementType[port.type]);
      message(w, 2, () => {
        for (const n of port.shape) message(w, 1, () => w.tag(1, WireType.Varint).int64(n));
      });
    }),
  );
}

function message(w: BinaryWriter, field: number, body: () => void): void {
  w.tag(field, WireType.LengthDelimited).fork();
  body();
  w.join();
}

function text(w: BinaryWriter, field: number, value: string): void {
  w.tag(field, WireType.LengthDelimited).string(value);
}
