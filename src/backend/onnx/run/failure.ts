import { StrobeError } from '../../../errors.js';
import { isOutOfMemory } from '../../out-of-memory.js';
import { describeSite } from '../trace/site.js';
import type { TraceNode } from '../trace/node.js';

/** A recorded kernel that could not be computed. */
export class KernelFailure extends StrobeError {
  constructor(
    message: string,
    /** The kernel, where it is known. */
    readonly node: TraceNode | undefined,
    options: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Turns what the native library, or a cpu kernel, said into an error that names the kernel and who called it. */
export function explainFailure(cause: unknown, path: readonly TraceNode[], culprit?: TraceNode): KernelFailure {
  if (cause instanceof KernelFailure) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const label = /([A-Za-z_]\w*#\d+)\//.exec(text)?.[1];
  const node = culprit ?? path.find((n) => `${n.name}#${n.first}` === label);
  const shapes = node?.inputs.map((id) => shapeOf(path, id)).filter((s) => s !== null) ?? [];
  const what = node ? `The kernel ${node.name} on ${shapes.join(' and ') || 'no inputs'}` : 'A recorded computation';
  const site = node ? describeSite(node.site) : null;
  const memory = isOutOfMemory(cause);
  return new KernelFailure(
    StrobeError.compose(`${what} failed${site ? `, recorded at ${site}` : ''}`, {
      expected: memory ? 'enough memory for its results' : 'a computation that runs to its end',
      received: memory ? `out of memory (${lastLine(text)})` : lastLine(text),
      hint: memory
        ? 'use a smaller batch, or dispose tensors that are no longer needed (tf.memory() counts them)'
        : 'check the values that enter this call; what was computed before it is still there, and so is the engine',
    }),
    node,
    { cause },
  );
}

function shapeOf(path: readonly TraceNode[], id: number): string | null {
  for (const node of path) {
    const output = node.outputs[id - node.first];
    if (output) return `${output.dtype}[${output.shape.join(',')}]`;
  }
  return null;
}

/** The native library wraps its message in source locations; what counts comes last. */
function lastLine(text: string): string {
  const status = text.split('Status Message:').at(-1) ?? text;
  return status.trim().split('\n')[0] ?? text;
}
