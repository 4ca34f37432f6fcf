import ts from 'typescript';
import { importedNames, isAmbient } from './names.js';

/** How a later cell sees a name: it may assign to a variable, everything else it imports. */
type Kind = 'let' | 'const' | 'import';

/** The names of a cell that later cells see, found without types. */
export function topLevelNames(file: ts.SourceFile): Map<string, Kind> {
  const names = new Map<string, Kind>();
  const bind = (name: ts.BindingName, kind: Kind): void => {
    if (ts.isIdentifier(name)) names.set(name.text, kind);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, kind);
  };
  const list = (node: ts.VariableDeclarationList): void => {
    for (const { name } of node.declarations) bind(name, node.flags & ts.NodeFlags.Const ? 'const' : 'let');
  };
  const hoisted = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !(node.flags & ts.NodeFlags.BlockScoped)) list(node);
    ts.forEachChild(node, hoisted);
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) {
      if (!(statement.declarationList.flags & ts.NodeFlags.Using) || isAmbient(statement))
        list(statement.declarationList);
    } else if (ts.isImportDeclaration(statement)) {
      for (const { local } of importedNames(statement)) names.set(local.text, 'import');
      for (const local of importedTypes(statement)) names.set(local.text, 'import');
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isEnumDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isImportEqualsDeclaration(statement) ||
      (ts.isModuleDeclaration(statement) && ts.isIdentifier(statement.name) && statement.name.text !== 'global')
    ) {
      if (statement.name) names.set(statement.name.text, 'import');
    } else hoisted(statement);
  }
  return names;
}

function importedTypes({ importClause: clause }: ts.ImportDeclaration): ts.Identifier[] {
  if (!clause) return [];
  const bindings = clause.namedBindings;
  const elements = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
  const types = elements.filter(({ isTypeOnly }) => isTypeOnly || clause.isTypeOnly).map(({ name }) => name);
  if (!clause.isTypeOnly) return types;
  if (clause.name) types.push(clause.name);
  if (bindings && ts.isNamespaceImport(bindings)) types.push(bindings.name);
  return types;
}

/** The JSDoc comments of the file's variables. */
export function documentation(file: ts.SourceFile): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const comment = ts.getLeadingCommentRanges(file.text, statement.pos)?.at(-1);
    const text = comment && file.text.slice(comment.pos, comment.end);
    if (!text?.startsWith('/**')) continue;
    for (const { name } of statement.declarationList.declarations)
      if (ts.isIdentifier(name)) found.set(name.text, text);
  }
  return found;
}

/** Every identifier in the file, whatever it names. */
export function identifiers(file: ts.SourceFile): Set<string> {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) found.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** What the file imports, by its specifiers. */
export function importedModules(file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) =>
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
    statement.moduleSpecifier &&
    ts.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier.text]
      : [],
  );
}

/**
 * What later cells know of earlier ones. A cell that has run is a module of its declarations; a later cell starts with a line that
 * declares the variables and imports the functions, classes, types and packages of those modules that still stand.
 */
export class EarlierCells {
  readonly #standing = new Map<string, { module: string; kind: Kind; comment: string }>();

  add(module: string, names: Iterable<[string, Kind]>, comments: ReadonlyMap<string, string>): void {
    for (const [name, kind] of names) this.#standing.set(name, { module, kind, comment: comments.get(name) ?? '' });
  }

  clear(): void {
    this.#standing.clear();
  }

  /** The line that goes before a cell: the names that it uses, or else all, without those that it declares itself. */
  prelude(own: ReadonlyMap<string, unknown>, used?: ReadonlySet<string>): string {
    let line = '';
    const imports = new Map<string, string[]>();
    for (const [name, { module, kind, comment }] of this.#standing) {
      if (own.has(name) || (used && !used.has(name))) continue;
      if (kind === 'import') imports.set(module, [...(imports.get(module) ?? []), name]);
      else line += `${comment}declare ${kind} ${name}: typeof import(${JSON.stringify(module)}).${name};`;
    }
    for (const [module, names] of imports) line += `import { ${names.join(', ')} } from ${JSON.stringify(module)};`;
    return `${line}\n`;
  }
}
