import ts from './typescript.js';
import { call, RUNTIME } from './runtime-names.js';

const { factory } = ts;

/**
 * Makes code stoppable: every turn of a loop and every call of a function asks whether its cell was interrupted, every `await` ends
 * when it is. A `catch` block asks too, so that it can't swallow the interrupt; a `finally` block says that it cleans up.
 */
export const guards: ts.TransformerFactory<ts.SourceFile> = (context) => {
  const guard = (): ts.Statement => factory.createExpressionStatement(guarding());

  function visit(node: ts.Node): ts.Node {
    const visited = ts.visitEachChild(node, visit, context);
    if (ts.isForStatement(visited))
      return factory.updateForStatement(
        visited,
        visited.initializer,
        visited.condition,
        visited.incrementor,
        guarded(visited.statement),
      );
    if (ts.isForInStatement(visited))
      return factory.updateForInStatement(visited, visited.initializer, visited.expression, guarded(visited.statement));
    if (ts.isForOfStatement(visited)) {
      const over = visited.awaitModifier ? call('iterate', [visited.expression]) : visited.expression;
      return factory.updateForOfStatement(
        visited,
        visited.awaitModifier,
        visited.initializer,
        over,
        guarded(visited.statement),
      );
    }
    if (ts.isWhileStatement(visited))
      return factory.updateWhileStatement(visited, visited.expression, guarded(visited.statement));
    if (ts.isDoStatement(visited))
      return factory.updateDoStatement(visited, guarded(visited.statement), visited.expression);
    if (ts.isAwaitExpression(visited))
      return factory.updateAwaitExpression(visited, call('wait', [visited.expression]));
    if (ts.isCatchClause(visited))
      return factory.updateCatchClause(visited, visited.variableDeclaration, startingWith(guard(), visited.block));
    if (ts.isTryStatement(visited) && visited.finallyBlock)
      return factory.updateTryStatement(
        visited,
        visited.tryBlock,
        visited.catchClause,
        cleaningUp(visited.finallyBlock),
      );
    return ts.isFunctionLike(visited) ? guardedFunction(visited) : visited;
  }

  function guarded(body: ts.Statement): ts.Statement {
    return ts.isBlock(body) ? startingWith(guard(), body) : factory.createBlock([guard(), body], true);
  }

  function startingWith(first: ts.Statement, block: ts.Block): ts.Block {
    const directives = block.statements.findIndex(
      (node) => !(ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression)),
    );
    const start = directives < 0 ? block.statements.length : directives;
    return factory.updateBlock(block, [...block.statements.slice(0, start), first, ...block.statements.slice(start)]);
  }

  function cleaningUp(block: ts.Block): ts.Block {
    const leave = factory.createBlock([factory.createExpressionStatement(call('leave'))]);
    return factory.updateBlock(block, [
      factory.createExpressionStatement(call('enter')),
      factory.createTryStatement(factory.createBlock(block.statements, true), undefined, leave),
    ]);
  }

  function guardedFunction(node: ts.SignatureDeclaration): ts.Node {
    if (ts.isArrowFunction(node)) {
      const body = ts.isBlock(node.body)
        ? startingWith(guard(), node.body)
        : factory.createComma(guarding(), node.body);
      return factory.updateArrowFunction(
        node,
        node.modifiers,
        node.typeParameters,
        node.parameters,
        node.type,
        node.equalsGreaterThanToken,
        body,
      );
    }
    if (ts.isFunctionDeclaration(node) && node.body)
      return factory.updateFunctionDeclaration(
        node,
        node.modifiers,
        node.asteriskToken,
        node.name,
        node.typeParameters,
        node.parameters,
        node.type,
        startingWith(guard(), node.body),
      );
    if (ts.isFunctionExpression(node))
      return factory.updateFunctionExpression(
        node,
        node.modifiers,
        node.asteriskToken,
        node.name,
        node.typeParameters,
        node.parameters,
        node.type,
        startingWith(guard(), node.body),
      );
    if (ts.isMethodDeclaration(node) && node.body)
      return factory.updateMethodDeclaration(
        node,
        node.modifiers,
        node.asteriskToken,
        node.name,
        node.questionToken,
        node.typeParameters,
        node.parameters,
        node.type,
        startingWith(guard(), node.body),
      );
    return node;
  }

  return (file) => ts.visitEachChild(file, visit, context);
};

/** `__cell.flag[0] && __cell.guard()`: what is read at every turn of a loop is a slot of memory, and nothing is called. */
function guarding(): ts.Expression {
  const flag = factory.createPropertyAccessExpression(factory.createIdentifier(RUNTIME), 'flag');
  return factory.createLogicalAnd(factory.createElementAccessExpression(flag, 0), call('guard'));
}
