import ts from './typescript.js';

/** What a rewritten cell calls its variables' object and its runtime (`run/runtime.ts`). */
export const SCOPE = '__scope';
export const RUNTIME = '__cell';

export function call(method: string, values: readonly ts.Expression[] = []): ts.CallExpression {
  const callee = ts.factory.createPropertyAccessExpression(ts.factory.createIdentifier(RUNTIME), method);
  return ts.factory.createCallExpression(callee, undefined, values);
}
