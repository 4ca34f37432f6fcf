import * as tf from '@tensorflow/tfjs';
import { useBackend } from 'strobe';
for (const b of ['cpu','onnx']) { await useBackend(b as 'cpu');
 for (const reluIn of [false,true]) for (const shape of [[1,4,4,1],[8,32,32,8]] as [number,number,number,number][]) {
  const n = shape.reduce((a,c)=>a*c); const v = new Float32Array(n).map((_,i)=>Math.sin(i));
  // top-left window of channel 0 all NaN; next window -Inf; next one NaN among numbers
  const put=(r:number,c:number,x:number)=>{v[(r*shape[2]+c)*shape[3]]=x};
  for (const r of [0,1]) for (const c of [0,1]) { put(r,c,NaN); put(r,c+2,-Infinity); }
  put(2,0,NaN); put(2,3,-0); put(2,2,0); put(3,2,-0); put(3,3,-0);
  const x = tf.tensor4d(v, shape);
  for (let k=0;k<3;k++){ const g = tf.grads((x: tf.Tensor)=>tf.maxPool(reluIn?tf.relu(x as tf.Tensor4D):x as tf.Tensor4D,2,2,'valid').mul(tf.scalar(3)))([x])[0]!;
  if(k==2) console.log(b, reluIn, shape.join(), Array.from(tf.slice(g.reshape(shape),[0,0,0,0],[1,4,4,1]).dataSync()).join(' ')); }
 } }
