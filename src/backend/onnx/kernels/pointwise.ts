import type { Graph } from '../graph/graph.js';
import type { Operand } from '../graph/operand.js';
import type { Arithmetic, Formula } from '../pointwise/arithmetic.js';
import type { Call } from './kernel.js';

/** Adds a formula to a graph, one operator for each of its operations; its numbers are the call's last input. */
export function lowerPointwise(graph: Graph, call: Call, formula: Formula): void {
  const numbers = call.inputs.at(-1) as Operand;
  const arithmetic: Arithmetic<string> = {
    number: (index) =>
      graph.once(`number:${numbers.id}:${index}`, () =>
        graph.op('Gather', [graph.natural(numbers), graph.int64([index], [])]),
      ),
    add: (a, b) => graph.op('Add', [a, b]),
    sub: (a, b) => graph.op('Sub', [a, b]),
    mul: (a, b) => graph.op('Mul', [a, b]),
    div: (a, b) => graph.op('Div', [a, b]),
    max: (a, b) => graph.op('Max', [a, b]),
    sqrt: (a) => graph.op('Sqrt', [a]),
  };
  const inputs = call.inputs.slice(0, -1).map((_, i) => call.optional(i));
  const results = formula(
    arithmetic,
    inputs.map((x) => x && graph.natural(x)),
  );
  call.outputs.forEach((output, i) => graph.set(output, results[i] as string));
}
