import * as tf from '@tensorflow/tfjs';
import { useBackend } from 'strobe';
await useBackend('onnx'); (tf.backend() as any).threads = Number(process.env.T ?? 1);
for (const [n, ci, co, h, k, st, pad] of [[64,16,32,13,3,1,0],[64,1,16,28,3,1,0],[32,3,32,32,3,1,1],[32,64,64,28,3,1,1],[32,128,128,8,3,1,1],[32,64,128,16,3,2,1],[32,256,256,4,3,1,1],[16,64,64,56,3,1,1],[128,32,32,16,3,1,1],[64,32,64,14,5,1,2],[32,16,16,32,3,1,1],[16,3,16,64,7,2,3],[32,8,16,28,3,1,0]] as number[][]) {
  const o = Math.floor((h! + 2 * pad! - k!) / st!) + 1;
  const x = tf.randomNormal([n!, h!, h!, ci!]), dy = tf.randomNormal([n!, o, o, co!]); x.dataSync(); dy.dataSync();
  const ts: number[] = [];
  for (let i = 0; i < 30; i++) { const s = performance.now(); const g = tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { strides: [st!, st!], pad: pad!, dataFormat: 'NHWC', filterShape: [k!, k!, ci!, co!], dimRoundingMode: 'floor' }) as tf.Tensor; g.dataSync(); g.dispose(); ts.push(performance.now() - s); }
  ts.sort((a, b) => a - b); console.log([n, ci, co, h, k, st].join(' '), ts[8]!.toFixed(2), 'ms', (2 * n! * ci! * co! * o * o * k! * k! / ts[8]! / 1e6).toFixed(0), 'GF/s');
}
