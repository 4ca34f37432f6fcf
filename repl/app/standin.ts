import { compileFunction } from 'node:vm';
import type { Evaluator } from './prompt.js';

export function standIn(scope: Record<string, unknown>): Evaluator {
  return {
    scope,
    async evaluate(code) {
      try {
        const value: unknown = await compileFunction(`with (scope) { return (${code}\n); }`, ['scope'])(scope);
        return { status: 'ok', value, hasValue: value !== undefined };
      } catch (error) {
        return { status: 'error', message: String(error), traceback: [String(error)], error };
      }
    },
    complete: async (_code, cursor) => ({ start: cursor, end: cursor, matches: [] }),
    isComplete: () => ({ status: 'complete', indent: '' }),
    interrupt: () => undefined,
  };
}
