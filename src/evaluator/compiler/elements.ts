import { call } from './runtime-names.js';
import ts from './typescript.js';

const { factory } = ts;

/** What TypeScript makes of JSX imports the functions that make elements. In the body of a function, that is a call of the runtime. */
export const elements: ts.TransformerFactory<ts.SourceFile> = () => (file) => {
  const statements = file.statements.map((statement) => {
    const named = ts.isImportDeclaration(statement) && statement.importClause?.namedBindings;
    return named && ts.isNamedImports(named) ? imported(statement.moduleSpecifier, named.elements) : statement;
  });
  return factory.updateSourceFile(file, statements);
};

/** `const { jsx: _jsx } = await __cell.import("react/jsx-runtime")` */
function imported(specifier: ts.Expression, names: readonly ts.ImportSpecifier[]): ts.Statement {
  const bound = names.map(({ name, propertyName }) =>
    factory.createBindingElement(undefined, propertyName as ts.Identifier | undefined, name),
  );
  const value = factory.createAwaitExpression(call('import', [specifier]));
  const declaration = factory.createVariableDeclaration(
    factory.createObjectBindingPattern(bound),
    undefined,
    undefined,
    value,
  );
  return factory.createVariableStatement(
    undefined,
    factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const),
  );
}
