import { isBuiltin } from 'node:module';
import ts from './typescript.js';
import { importBindings, isAmbient, isExported } from './names.js';

/** How a later cell sees a name: it may assign to a variable, everything else it imports. */
export type Kind = 'let' | 'const' | 'import';

/** The names of a cell that later cells see, found without types. */
export function topLevelNames({ statements }: { statements: readonly ts.Statement[] }): Map<string, Kind> {
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
  for (const statement of statements) {
    if (ts.isVariableStatement(statement)) {
      if (!(statement.declarationList.flags & ts.NodeFlags.Using) || isAmbient(statement))
        list(statement.declarationList);
    } else if (ts.isImportDeclaration(statement)) {
      for (const { local } of importBindings(statement)) names.set(local.text, 'import');
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

/** Those of a cell's names that it exports itself, as what was written for a file may do. */
export function exportedNames(file: ts.SourceFile): Set<string> {
  const exports = (node: ts.Statement): boolean => isExported(node) && !isExported(node, ts.SyntaxKind.DefaultKeyword);
  const names = new Set(topLevelNames({ statements: file.statements.filter(exports) }).keys());
  for (const node of file.statements)
    if (ts.isExportDeclaration(node) && node.exportClause && ts.isNamedExports(node.exportClause))
      for (const { name } of node.exportClause.elements) names.add(name.text);
  return names;
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

/** What the text imports, in whatever way, that does not come with Node. */
export function importedPackages(text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !isBuiltin(name));
}
