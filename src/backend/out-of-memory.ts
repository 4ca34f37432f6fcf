/**
 * What the engines and JavaScript itself say when memory has run out: V8 for arrays that do not fit, WebAssembly, C++
 * allocations in ONNX Runtime, TensorFlow (status 8), CUDA.
 */
const said = new RegExp(
  [
    'array buffer allocation failed',
    // A length below zero is a mistake, a large one a lack of memory.
    'invalid typed array length: \\d',
    'out of memory',
    'cannot enlarge memory',
    'bad_?alloc',
    'failed to allocate',
    'allocat\\w+ failed',
    'not enough memory',
    'oom when allocating',
    'resource_?exhausted',
    'TF_Status: 8\\b',
  ].join('|'),
  'i',
);

/**
 * Whether an error, or what caused it, is that memory ran out: on any engine, and for JavaScript's own arrays. After such
 * an error the engines work on, so a smaller batch may be tried.
 */
export function isOutOfMemory(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (said.test(cause.message)) return true;
  return false;
}
