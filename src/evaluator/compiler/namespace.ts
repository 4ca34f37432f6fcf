import ts from './typescript.js';
import type { Imported } from './imported.js';
import { importBindings } from './names.js';

/** A module's declarations as part of a file that has those of many. */
export interface Namespace {
  /** The statements of the namespace. */
  inside: string;
  /** What must not stand in one: additions to modules and to what is global. */
  outside: string;
}

/** How the file calls what was imported. */
export const IMPORTED = '__imported';

/** Turns the text of a declaration file into a namespace. Its imports are handed on by `imported`. */
export function toNamespace(text: string, imported: Imported): Namespace {
  const file = ts.createSourceFile('cell.d.ts', text, ts.ScriptTarget.Latest);
  const namespace: Namespace = { inside: '', outside: '' };
  const alias = (local: ts.Identifier, specifier: ts.Expression, name: string): void => {
    const from = imported.add((specifier as ts.StringLiteral).text, name);
    namespace.inside += `import ${local.text} = ${IMPORTED}.${from};\n`;
  };
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      for (const { local, imported: name } of importBindings(statement)) alias(local, statement.moduleSpecifier, name);
    } else if (ts.isImportEqualsDeclaration(statement) && ts.isExternalModuleReference(statement.moduleReference)) {
      alias(statement.name, statement.moduleReference.expression, '=');
    } else if (ts.isModuleDeclaration(statement) && isAugmentation(statement)) {
      namespace.outside += `${statement.getText(file)}\n`;
    } else if (!ts.isExportAssignment(statement) && !(ts.isExportDeclaration(statement) && statement.moduleSpecifier)) {
      namespace.inside += `${statement.getFullText(file).trim()}\n`;
    }
  }
  return namespace;
}

function isAugmentation({ name, flags }: ts.ModuleDeclaration): boolean {
  return ts.isStringLiteral(name) || (flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}
