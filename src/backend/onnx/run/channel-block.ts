import { encodeModel } from '../graph/proto.js';
import type { Runtime } from '../runtime.js';

const CHANNELS = 16;
let known: number | undefined;

/**
 * How many channels stand side by side in the layout of ONNX Runtime's blocked convolutions: 8 or 16, as wide as the
 * processor computes; 0 where it has none. It is not told, so two pixels are put in that order and looked at.
 */
export function channelBlock(runtime: Runtime): number {
  return (known ??= probe(runtime));
}

function probe({ Session, Tensor }: Runtime): number {
  const shape = [1, CHANNELS, 1, 2];
  const model = encodeModel({
    nodes: [
      {
        name: 'order',
        op: 'ReorderInput',
        domain: 'com.microsoft.nchwc',
        inputs: ['x'],
        outputs: ['y'],
        attributes: {},
      },
    ],
    constants: [],
    inputs: [{ name: 'x', type: 'float32', shape }],
    outputs: [{ name: 'y', type: 'float32', shape }],
  });
  const session = new Session();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, { intraOpNumThreads: 1, logSeverityLevel: 4 });
    // The second pixel of the first channel comes after a block of channels of the first pixel.
    const pixels = Float32Array.from({ length: 2 * CHANNELS }, (_, i) => i);
    const y = new Tensor('float32', new Float32Array(2 * CHANNELS), shape);
    session.run({ x: new Tensor('float32', pixels, shape) }, { y }, {});
    const block = y.data.indexOf(1);
    // Processors without such convolutions leave everything as it is.
    return block > 1 ? block : 0;
  } catch {
    // Not on this processor: plain convolutions do everything.
    return 0;
  } finally {
    session.dispose();
  }
}
