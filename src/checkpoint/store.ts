import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError, describe, StrobeError } from '../errors.js';
import { disposeAll } from '../tensors/tree.js';
import type { Checkpoint } from './checkpoint.js';
import { writeAtomically } from './files.js';
import { encodeSafetensors, readSafetensors, type StoredTensor } from './safetensors.js';
import { pack, unpack } from './tree.js';

/** Key of the file's metadata that holds everything but the tensors, as JSON. */
const STATE = 'strobe';

/** A checkpoint as one file in the safetensors format. A crash leaves the old file or the new one, never half of it. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { tensors, json } = pack(checkpoint, tensorName);
  const stored = Object.entries(tensors).map(([name, tensor]) => [name, store(name, tensor)] as const);
  await writeAtomically(path, encodeSafetensors(Object.fromEntries(stored), { [STATE]: json }));
}

/** Reads what `save` and ModelCheckpoint wrote. The tensors are the caller's to dispose. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { tensors: stored, metadata } = await readSafetensors(path);
  const json = metadata[STATE];
  if (json === undefined) throw notOurs(path, 'a safetensors file without the state of a run');
  const tensors = Object.fromEntries(Object.entries(stored).map(([name, tensor]) => [name, revive(tensor)]));
  try {
    return check(path, unpack(json, tensors));
  } catch (error) {
    disposeAll(Object.values(tensors));
    throw error;
  }
}

/** `model.<parameter>`, `optimizer.0.<parameter>.expAvg`, `gradient.<parameter>`; for the rest, the path. */
function tensorName([first = '', ...rest]: string[]): string {
  if (first === 'stateDict') return ['model', ...rest].join('.');
  if (first === 'optimizerStates') {
    const [index = '', , ...slot] = rest;
    return ['optimizer', index, ...slot].join('.');
  }
  if (first === 'run' && rest[0] === 'gradients') return ['gradient', ...rest.slice(1)].join('.');
  return [first, ...rest].join('.');
}

function store(name: string, tensor: tf.Tensor): StoredTensor {
  const { shape, dtype } = tensor;
  const data = tensor.dataSync();
  if (dtype === 'float32' && data instanceof Float32Array) return { dtype: 'F32', shape, data };
  if (dtype === 'int32' && data instanceof Int32Array) return { dtype: 'I32', shape, data };
  if (dtype === 'bool' && data instanceof Uint8Array) return { dtype: 'BOOL', shape, data };
  throw new CheckpointError(
    StrobeError.compose(`The tensor ${name} cannot be written to a checkpoint.`, {
      expected: 'float32, int32 or bool',
      received: describe(tensor),
      hint: 'cast it, or leave it out of what stateDict() gives',
    }),
  );
}

const DTYPES = { F32: 'float32', I32: 'int32', BOOL: 'bool', U8: 'int32' } as const;

function revive({ dtype, shape, data }: StoredTensor): tf.Tensor {
  return tf.keep(tf.tensor(data, [...shape], DTYPES[dtype]));
}

function check(path: string, tree: unknown): Checkpoint {
  const { format, stateDict } = (tree ?? {}) as Partial<Checkpoint>;
  if (typeof stateDict !== 'object' || stateDict === null) throw notOurs(path, 'no weights in it');
  if (format !== 1) throw notOurs(path, `layout ${describe(format)}`);
  return tree as Checkpoint;
}

function notOurs(path: string, received: string): CheckpointError {
  return new CheckpointError(
    StrobeError.compose(`${path} is not a checkpoint that this version of Strobe can go on from.`, {
      expected: 'a .ckpt file written by trainer.saveCheckpoint, run.save or ModelCheckpoint, layout 1',
      received,
      hint: 'check the path, or use the version of Strobe that wrote it',
    }),
  );
}
