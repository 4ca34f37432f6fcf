import type { Evaluator } from '../../src/evaluator/evaluator.js';

/** Runs cells one after the other and gives the last one's value; a cell that fails fails the test. */
export async function runIn(evaluator: Pick<Evaluator, 'evaluate'>, ...cells: string[]): Promise<unknown> {
  let value: unknown;
  for (const cell of cells) {
    const result = await evaluator.evaluate(cell);
    if (result.status !== 'ok')
      throw new Error(`${cell}\n${result.status === 'error' ? result.traceback.join('\n') : ''}`);
    value = result.value;
  }
  return value;
}
