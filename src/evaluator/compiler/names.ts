import ts from './typescript.js';

/** Which identifiers of a file stand for a live variable: one that all cells share. */
export interface LiveNames {
  /** The names that the file itself gives a value at its top level. */
  readonly declared: ReadonlySet<string>;
  /** Those of them that are `undefined` before their declaration is reached. */
  readonly hoisted: ReadonlySet<string>;
  /** Whether the identifier, as an expression, reads or writes a live variable; `symbol` is what it resolves to in this file. */
  includes(identifier: ts.Identifier, symbol: ts.Symbol | undefined): boolean;
  /** Whether these variables live at the top level, as `let` does there and `var` does in a nested block. */
  areDeclaredBy(list: ts.VariableDeclarationList): boolean;
}

/** @param known live variables of earlier cells */
export function liveNames(file: ts.SourceFile, checker: ts.TypeChecker, known: ReadonlySet<string>): LiveNames {
  const symbols = new Set<ts.Symbol>();
  const declared = new Set<string>();
  const hoisted = new Set<string>();
  const declare = (name: ts.Node | undefined, isVar = false): void => {
    if (!name) return;
    if (ts.isIdentifier(name)) {
      const symbol = checker.getSymbolAtLocation(name);
      if (symbol) symbols.add(symbol);
      declared.add(name.text);
      if (isVar) hoisted.add(name.text);
    } else if (ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name)) {
      for (const element of name.elements) if (ts.isBindingElement(element)) declare(element.name, isVar);
    }
  };
  const declareHoisted = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped))
      for (const variable of node.declarations) declare(variable.name, true);
    ts.forEachChild(node, declareHoisted);
  };
  for (const statement of file.statements) {
    if (isAmbient(statement)) continue;
    if (ts.isVariableStatement(statement) && !isUsing(statement.declarationList)) {
      for (const variable of statement.declarationList.declarations) declare(variable.name);
    } else if (isNamedDeclaration(statement)) declare(statement.name);
    else if (ts.isImportDeclaration(statement)) for (const { local } of importedNames(statement)) declare(local);
    else if (ts.isImportEqualsDeclaration(statement)) declare(statement.name);
    declareHoisted(statement);
  }

  return {
    declared,
    hoisted,
    includes(identifier, symbol) {
      if (!symbol) return known.has(identifier.text);
      return symbols.has(symbol) && !isInsideItsOwnDeclaration(identifier, symbol);
    },
    areDeclaredBy(list) {
      const first = firstIdentifier(list.declarations[0]?.name);
      const symbol = first && checker.getSymbolAtLocation(first);
      return symbol !== undefined && symbols.has(symbol);
    },
  };
}

/** A declaration that has a value at run time and keeps its form: the scope is handed what it made. */
export type NamedDeclaration =
  ts.FunctionDeclaration | ts.ClassDeclaration | ts.EnumDeclaration | (ts.ModuleDeclaration & { name: ts.Identifier });

export function isNamedDeclaration(node: ts.Node): node is NamedDeclaration {
  return (
    (ts.isFunctionDeclaration(node) && node.body !== undefined) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && hasValue(node))
  );
}

/** A namespace of nothing but types has no value. */
function hasValue(node: ts.ModuleDeclaration): boolean {
  const { body } = node;
  if (!body) return false;
  if (ts.isModuleDeclaration(body)) return hasValue(body);
  return (
    ts.isModuleBlock(body) &&
    body.statements.some(
      (statement) =>
        !ts.isInterfaceDeclaration(statement) &&
        !ts.isTypeAliasDeclaration(statement) &&
        !(ts.isModuleDeclaration(statement) && !hasValue(statement)),
    )
  );
}

export function isAmbient(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false)
  );
}

export function isExported(node: ts.Statement, kind: ts.SyntaxKind = ts.SyntaxKind.ExportKeyword): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false);
}

/** `using` and `await using` end with their cell: they are no live variables. */
export function isUsing(list: ts.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.Using) !== 0;
}

/** A name that an import binds: `imported` is `*` for the namespace. */
export interface ImportBinding {
  local: ts.Identifier;
  imported: string;
  isType: boolean;
}

export function importBindings({ importClause: clause }: ts.ImportDeclaration): ImportBinding[] {
  if (!clause) return [];
  const isType = clause.isTypeOnly;
  const bound: ImportBinding[] = clause.name ? [{ local: clause.name, imported: 'default', isType }] : [];
  const named = clause.namedBindings;
  if (named && ts.isNamespaceImport(named)) bound.push({ local: named.name, imported: '*', isType });
  if (named && ts.isNamedImports(named))
    for (const { name, propertyName = name, isTypeOnly } of named.elements)
      bound.push({ local: name, imported: propertyName.text, isType: isType || isTypeOnly });
  return bound;
}

/** What an import binds, types left out. */
export function importedNames(node: ts.ImportDeclaration): ImportBinding[] {
  return importBindings(node).filter(({ isType }) => !isType);
}

function firstIdentifier(name: ts.Node | undefined): ts.Identifier | undefined {
  if (!name) return undefined;
  if (ts.isIdentifier(name)) return name;
  if (!ts.isObjectBindingPattern(name) && !ts.isArrayBindingPattern(name)) return undefined;
  for (const element of name.elements) {
    const found = ts.isBindingElement(element) ? firstIdentifier(element.name) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** A class names itself inside its own body; what stands there is not the variable. So do enums and namespaces. */
function isInsideItsOwnDeclaration(identifier: ts.Identifier, symbol: ts.Symbol): boolean {
  const own = symbol.declarations?.filter(
    (node) => ts.isClassDeclaration(node) || ts.isEnumDeclaration(node) || ts.isModuleDeclaration(node),
  );
  if (!own?.length) return false;
  for (let node: ts.Node = identifier; node; node = node.parent)
    if (own.includes(node as ts.ClassDeclaration)) return true;
  return false;
}
