import ts from './typescript.js';
import { importedNames, isAmbient, isExported, isNamedDeclaration, type LiveNames } from './names.js';
import { call, RUNTIME, SCOPE } from './runtime-names.js';

const { factory } = ts;

/** A cell gives the value of its last expression; a module keeps its own scope and says what it exports. */
export type Unit = 'cell' | 'module';

/**
 * Makes top-level variables properties of the scope: `let lr = 0.1` becomes `__scope.lr = 0.1`, and every use of the name follows, so
 * that a later cell's `lr = 0.5` is seen by the closures and loops of this one. Imports and exports become calls of the runtime.
 */
export function live(names: LiveNames, checker: ts.TypeChecker, unit: Unit): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => {
    const hoisted: ts.Statement[] = [];
    const imports: ts.Statement[] = [];
    const exported = new Map<string, ts.Expression>();
    const last = unit === 'cell' ? file.statements.findLast((statement) => !ts.isEmptyStatement(statement)) : undefined;

    const expression = (node: ts.Expression): ts.Expression =>
      ts.visitNode(node, visit, ts.isExpression) as ts.Expression;

    function visit(node: ts.Node): ts.VisitResult<ts.Node | undefined> {
      if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
      if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return node;
      if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) return node;
      if (ts.isIdentifier(node)) return isReference(node) ? reference(node) : node;
      if (ts.isShorthandPropertyAssignment(node)) return shorthand(node);
      if (ts.isBinaryExpression(node) && assigns(node.operatorToken.kind)) return assignment(node);
      if (ts.isVariableStatement(node) && !isAmbient(node) && names.areDeclaredBy(node.declarationList))
        return assignments(node.declarationList).map((value) => at(factory.createExpressionStatement(value), node));
      if (ts.isForStatement(node) && declaresLive(node.initializer)) return forStatement(node);
      if ((ts.isForOfStatement(node) || ts.isForInStatement(node)) && declaresLive(node.initializer))
        return forEach(node, node.initializer);
      if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
        return at(factory.createPropertyAccessExpression(factory.createIdentifier(RUNTIME), 'meta'), node);
      if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
        return at(call('import', node.arguments.map(expression)), node);
      return ts.visitEachChild(node, visit, context);
    }

    function reference(node: ts.Identifier): ts.Expression {
      const symbol = checker.getSymbolAtLocation(node);
      if (names.includes(node, symbol)) {
        const variable = at(property(node.text), node);
        // As a plain call, f() has no `this`; __scope.f() would have one.
        return isCalled(node)
          ? factory.createParenthesizedExpression(factory.createComma(factory.createNumericLiteral(0), variable))
          : variable;
      }
      if (!symbol && TIMERS.has(node.text))
        return at(factory.createPropertyAccessExpression(factory.createIdentifier(RUNTIME), node.text), node);
      return node;
    }

    function shorthand(node: ts.ShorthandPropertyAssignment): ts.Node {
      const preset = node.objectAssignmentInitializer && expression(node.objectAssignmentInitializer);
      if (!names.includes(node.name, checker.getShorthandAssignmentValueSymbol(node)))
        return factory.updateShorthandPropertyAssignment(node, node.name, preset);
      const variable = at(property(node.name.text), node.name);
      const value = preset ? factory.createAssignment(variable, named(node.name.text, preset)) : variable;
      return at(factory.createPropertyAssignment(node.name, value), node);
    }

    /** `f = () => 1` names its function "f"; an assignment to a property would not. */
    function assignment(node: ts.BinaryExpression): ts.Node {
      const right = expression(node.right);
      const name =
        ts.isIdentifier(node.left) && names.includes(node.left, checker.getSymbolAtLocation(node.left))
          ? node.left.text
          : undefined;
      return factory.updateBinaryExpression(
        node,
        expression(node.left),
        node.operatorToken,
        name ? named(name, right) : right,
      );
    }

    function declaresLive(node: ts.ForInitializer | undefined): node is ts.VariableDeclarationList {
      return node !== undefined && ts.isVariableDeclarationList(node) && names.areDeclaredBy(node);
    }

    function forStatement(node: ts.ForStatement): ts.Node {
      const values = assignments(node.initializer as ts.VariableDeclarationList);
      return factory.updateForStatement(
        node,
        values.length > 0 ? values.reduce(factory.createComma) : undefined,
        node.condition && expression(node.condition),
        node.incrementor && expression(node.incrementor),
        ts.visitIterationBody(node.statement, visit, context),
      );
    }

    function forEach(node: ts.ForOfStatement | ts.ForInStatement, list: ts.VariableDeclarationList): ts.Node {
      const [variable] = list.declarations;
      if (!variable) return node;
      const each = target(variable.name);
      const over = expression(node.expression);
      const body = ts.visitIterationBody(node.statement, visit, context);
      return ts.isForOfStatement(node)
        ? factory.updateForOfStatement(node, node.awaitModifier, each, over, body)
        : factory.updateForInStatement(node, each, over, body);
    }

    /** A declaration without a value sets `undefined`, save `var`, which leaves what is there. */
    function assignments(list: ts.VariableDeclarationList): ts.Expression[] {
      const isVar = !(list.flags & ts.NodeFlags.BlockScoped);
      return list.declarations.flatMap(({ name, initializer }) => {
        if (!initializer) return isVar ? [] : [factory.createAssignment(target(name), factory.createVoidZero())];
        const value = expression(initializer);
        return [
          at(factory.createAssignment(target(name), ts.isIdentifier(name) ? named(name.text, value) : value), name),
        ];
      });
    }

    /** A binding pattern as a pattern of assignments. */
    function target(name: ts.BindingName): ts.Expression {
      if (ts.isIdentifier(name)) return at(property(name.text), name);
      if (ts.isArrayBindingPattern(name)) {
        return factory.createArrayLiteralExpression(
          name.elements.map((element) => {
            if (ts.isOmittedExpression(element)) return element;
            const value = withPreset(element);
            return element.dotDotDotToken ? factory.createSpreadElement(value) : value;
          }),
        );
      }
      return factory.createObjectLiteralExpression(
        name.elements.map((element) => {
          const value = withPreset(element);
          if (element.dotDotDotToken) return factory.createSpreadAssignment(value);
          const key = element.propertyName ?? element.name;
          return factory.createPropertyAssignment(
            ts.visitNode(key as ts.PropertyName, visit, ts.isPropertyName) as ts.PropertyName,
            value,
          );
        }),
      );
    }

    function withPreset({ name, initializer }: ts.BindingElement): ts.Expression {
      if (!initializer) return target(name);
      const value = expression(initializer);
      return factory.createAssignment(target(name), ts.isIdentifier(name) ? named(name.text, value) : value);
    }

    function statement(node: ts.Statement): ts.Statement[] {
      if (isAmbient(node)) return [];
      if (ts.isImportDeclaration(node)) return importDeclaration(node);
      if (ts.isExportDeclaration(node)) return exportDeclaration(node);
      if (ts.isExportAssignment(node)) {
        exported.set('default', property('default'));
        return [assign('default', expression(node.expression), node)];
      }
      if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference))
        return [
          assign(
            node.name.text,
            factory.createCallExpression(factory.createIdentifier('require'), undefined, [
              node.moduleReference.expression,
            ]),
            node,
          ),
        ];
      if (isExported(node)) for (const name of declaredBy(node)) exported.set(name, property(name));
      if (isNamedDeclaration(node)) return declaration(node);
      const visited = visit(node);
      const statements = (Array.isArray(visited) ? visited : [visited]) as ts.Statement[];
      const [only] = statements;
      if (node === last && ts.isExpressionStatement(node) && only && ts.isExpressionStatement(only))
        return [giveValue(only)];
      return statements;
    }

    function declaration(node: Parameters<typeof withoutExport>[0]): ts.Statement[] {
      const kept = withoutExport(ts.visitEachChild(node, visit, context));
      const isDefault = isExported(node, ts.SyntaxKind.DefaultKeyword);
      const name = node.name?.text ?? 'default';
      if (isDefault) exported.set('default', property(name));
      const named = node.name ? kept : nameless(kept, 'default_1');
      const hand = assign(name, factory.createIdentifier(named.name?.text ?? name), node);
      if (!ts.isFunctionDeclaration(node)) return [named, hand];
      hoisted.push(hand);
      return [named];
    }

    function importDeclaration(node: ts.ImportDeclaration): ts.Statement[] {
      if (node.importClause?.isTypeOnly) return [];
      const bound = importedNames(node);
      const named = node.importClause?.namedBindings;
      if (bound.length === 0 && named && ts.isNamedImports(named) && named.elements.length > 0) return [];
      imports.push(
        at(
          bind(
            node.moduleSpecifier,
            node.attributes,
            bound.map(({ local, imported }) => [local.text, imported]),
          ),
          node,
        ),
      );
      return [];
    }

    function exportDeclaration(node: ts.ExportDeclaration): ts.Statement[] {
      const clause = node.exportClause;
      if (node.isTypeOnly) return [];
      if (!node.moduleSpecifier) {
        if (clause && ts.isNamedExports(clause))
          for (const { name, propertyName, isTypeOnly } of clause.elements)
            if (!isTypeOnly) exported.set(name.text, property((propertyName ?? name).text));
        return [];
      }
      if (!clause) {
        imports.push(
          factory.createExpressionStatement(call('exportAll', [awaitImport(node.moduleSpecifier, node.attributes)])),
        );
        return [];
      }
      const elements = ts.isNamespaceExport(clause)
        ? [{ name: clause.name.text, imported: '*' }]
        : clause.elements
            .filter(({ isTypeOnly }) => !isTypeOnly)
            .map(({ name, propertyName }) => ({ name: name.text, imported: (propertyName ?? name).text }));
      const local = (name: string): string => (unit === 'cell' ? name : `export ${name}`);
      for (const { name } of elements) exported.set(name, property(local(name)));
      imports.push(
        bind(
          node.moduleSpecifier,
          node.attributes,
          elements.map(({ name, imported }) => [local(name), imported]),
        ),
      );
      return [];
    }

    const body = file.statements.flatMap(statement);
    const start: ts.Statement[] = [];
    const vars = [...names.hoisted].map((name) => factory.createStringLiteral(name));
    if (vars.length > 0) start.push(factory.createExpressionStatement(call('declare', vars)));
    if (unit === 'module' && exported.size > 0) start.push(exportsOf(exported));
    return factory.updateSourceFile(file, [...start, ...hoisted, ...imports, ...body]);
  };
}

const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate']);

function at<T extends ts.Node>(node: T, original: ts.Node): T {
  return ts.setTextRange(node, original);
}

function property(name: string): ts.Expression {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? factory.createPropertyAccessExpression(factory.createIdentifier(SCOPE), name)
    : factory.createElementAccessExpression(factory.createIdentifier(SCOPE), factory.createStringLiteral(name));
}

function assign(name: string, value: ts.Expression, original: ts.Node): ts.Statement {
  const statement = factory.createExpressionStatement(factory.createAssignment(property(name), named(name, value)));
  return at(statement, original);
}

function giveValue(node: ts.ExpressionStatement): ts.Statement {
  const value = factory.createPropertyAssignment('value', node.expression);
  return at(factory.createReturnStatement(at(factory.createObjectLiteralExpression([value]), node)), node);
}

/** An anonymous function takes the name of the variable it is assigned to. */
function named(name: string, value: ts.Expression): ts.Expression {
  const bare = withoutWrapping(value);
  const isAnonymous =
    ts.isArrowFunction(bare) || ((ts.isFunctionExpression(bare) || ts.isClassExpression(bare)) && !bare.name);
  if (!isAnonymous) return value;
  const key = factory.createStringLiteral(name);
  const entry = factory.createPropertyAssignment(
    name === '__proto__' ? factory.createComputedPropertyName(key) : key,
    value,
  );
  return factory.createElementAccessExpression(factory.createObjectLiteralExpression([entry]), key);
}

/** An expression without its parentheses and type assertions. */
function withoutWrapping(node: ts.Expression): ts.Expression {
  let inner = node;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isSatisfiesExpression(inner)
  )
    inner = inner.expression;
  return inner;
}

function assigns(operator: ts.SyntaxKind): boolean {
  return (
    operator === ts.SyntaxKind.EqualsToken ||
    operator === ts.SyntaxKind.BarBarEqualsToken ||
    operator === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken
  );
}

/** Whether the identifier is an expression, and no name of a property, label, parameter, attribute, ... */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent as (ts.Node & { name?: ts.Node; propertyName?: ts.Node; label?: ts.Node }) | undefined;
  if (!parent || parent.name === node || parent.propertyName === node || parent.label === node) return false;
  const isTag = ts.isJsxOpeningLikeElement(parent) || ts.isJsxClosingElement(parent);
  return !(isTag && parent.tagName === node && /^[a-z]/.test(node.text));
}

function isCalled(node: ts.Node): boolean {
  let outer = node;
  while (
    ts.isParenthesizedExpression(outer.parent) ||
    ts.isNonNullExpression(outer.parent) ||
    ts.isAsExpression(outer.parent) ||
    ts.isSatisfiesExpression(outer.parent)
  )
    outer = outer.parent;
  const { parent } = outer;
  return (
    (ts.isCallExpression(parent) && parent.expression === outer) ||
    (ts.isTaggedTemplateExpression(parent) && parent.tag === outer)
  );
}

function declaredBy(node: ts.Statement): string[] {
  if (isExported(node, ts.SyntaxKind.DefaultKeyword)) return [];
  if (isNamedDeclaration(node)) return node.name ? [node.name.text] : [];
  if (!ts.isVariableStatement(node)) return [];
  const found: string[] = [];
  const collect = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) found.push(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) collect(element.name);
  };
  for (const { name } of node.declarationList.declarations) collect(name);
  return found;
}

type Declared = ts.FunctionDeclaration | ts.ClassDeclaration | ts.EnumDeclaration | ts.ModuleDeclaration;

function withoutExport<T extends Declared>(node: T): T {
  const modifiers = node.modifiers?.filter(
    ({ kind }) => kind !== ts.SyntaxKind.ExportKeyword && kind !== ts.SyntaxKind.DefaultKeyword,
  );
  return factory.replaceModifiers(node as never, modifiers as never) as T;
}

function nameless<T extends Declared>(node: T, name: string): T {
  if (ts.isFunctionDeclaration(node))
    return factory.updateFunctionDeclaration(
      node,
      node.modifiers,
      node.asteriskToken,
      factory.createIdentifier(name),
      node.typeParameters,
      node.parameters,
      node.type,
      node.body,
    ) as T;
  if (ts.isClassDeclaration(node))
    return factory.updateClassDeclaration(
      node,
      node.modifiers,
      factory.createIdentifier(name),
      node.typeParameters,
      node.heritageClauses,
      node.members,
    ) as T;
  return node;
}

function awaitImport(specifier: ts.Expression, attributes: ts.ImportAttributes | undefined): ts.Expression {
  const entries = attributes?.elements.map(({ name, value }) => factory.createPropertyAssignment(name, value));
  const options =
    entries &&
    factory.createObjectLiteralExpression([
      factory.createPropertyAssignment('with', factory.createObjectLiteralExpression(entries)),
    ]);
  return factory.createAwaitExpression(call('import', options ? [specifier, options] : [specifier]));
}

function bind(
  specifier: ts.Expression,
  attributes: ts.ImportAttributes | undefined,
  bound: [string, string][],
): ts.Statement {
  const pairs = bound.map((pair) =>
    factory.createArrayLiteralExpression(pair.map((text) => factory.createStringLiteral(text))),
  );
  return factory.createExpressionStatement(
    call('bind', [awaitImport(specifier, attributes), factory.createArrayLiteralExpression(pairs)]),
  );
}

function exportsOf(exported: ReadonlyMap<string, ts.Expression>): ts.Statement {
  const getters = [...exported].map(([name, value]) =>
    factory.createPropertyAssignment(
      factory.createStringLiteral(name),
      factory.createArrowFunction(undefined, undefined, [], undefined, undefined, value),
    ),
  );
  return factory.createExpressionStatement(call('export', [factory.createObjectLiteralExpression(getters)]));
}
