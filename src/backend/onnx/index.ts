/**
 * The default engine: a lazy TensorFlow.js backend that runs whole training steps as one native call. It knows nothing of
 * training and works in any tfjs program: `registerOnnxBackend(); await tf.setBackend('onnx')`.
 */
export { registerOnnxBackend } from './register.js';
export { OnnxBackend } from './backend.js';
export type { OnnxOptions } from './options.js';
export type { EngineStats } from './run/stats.js';
