import * as tf from '@tensorflow/tfjs-core';
import { ContractError, StrobeError } from '../../errors.js';

/**
 * A kernel that copies its inputs to the cpu backend, runs the cpu backend's kernel of that name there, and copies the
 * outputs back. The cpu copies are not tensors: tfjs's counters never see them, and they are gone when the kernel returns.
 */
export function borrowFromCpu(kernelName: string): tf.KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const home = backend as tf.KernelBackend;
    const cpu = tf.findBackend('cpu');
    const kernel = tf.getKernel(kernelName, 'cpu');
    if (!cpu || !kernel) {
      throw new ContractError(
        StrobeError.compose(`The kernel ${kernelName} cannot run`, {
          expected: `@tensorflow/tfjs-backend-cpu with its kernel ${kernelName}, since the current engine has none`,
          received: cpu ? 'a cpu backend without that kernel' : 'no cpu backend',
          hint: 'import @tensorflow/tfjs-backend-cpu in the version Strobe depends on',
        }),
      );
    }

    const copies = mapInputs(inputs, (input) => copy(input, home, cpu));
    const results = kernel.kernelFunc({ inputs: copies, attrs: attrs ?? {}, backend: cpu });
    const outputs = Array.isArray(results) ? results : [results];
    const returned = outputs.map((output) => copy(output, cpu, home));

    const used = new Set([...Object.values(copies as object).flat(), ...outputs].map((info) => info.dataId));
    for (const dataId of used) cpu.disposeData(dataId, true);
    return Array.isArray(results) ? returned : returned[0]!;
  };
}

function copy({ dataId, shape, dtype }: tf.TensorInfo, from: tf.KernelBackend, to: tf.KernelBackend): tf.TensorInfo {
  return { dataId: to.write(from.readSync(dataId), shape, dtype), shape, dtype };
}

type InputList = readonly (tf.TensorInfo | readonly tf.TensorInfo[])[];

/** Inputs are named, but a kernel may also take a list of tensors (Einsum) or a list under a name (RaggedGather). */
function mapInputs(inputs: tf.NamedTensorInfoMap, copyOne: (input: tf.TensorInfo) => tf.TensorInfo) {
  const copyAll = (input: InputList[number]) => ('dataId' in input ? copyOne(input) : input.map(copyOne));
  if (Array.isArray(inputs)) return (inputs as InputList).map(copyAll) as unknown as tf.NamedTensorInfoMap;
  const given = Object.entries(inputs).filter(([, input]) => input !== undefined);
  return Object.fromEntries(given.map(([name, input]) => [name, copyAll(input!)])) as tf.NamedTensorInfoMap;
}
