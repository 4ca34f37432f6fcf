/**
 * The examples in the documentation as code: every block ```ts of README.md and docs/ is a program that is type-checked and run by
 * test/docs/code-blocks.test.ts. One that cannot be run (it never ends, or needs what a test has not) begins with ```ts no-run.
 */
import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import { markdownFiles, ROOT } from './docs-files.js';

export interface CodeBlock {
  /** The page and the line of its first line of code, such as `docs/tuner.md:7`. */
  readonly name: string;
  readonly path: string;
  /** Lines of the page above its first line of code. */
  readonly above: number;
  readonly code: string;
  /** False for a block that is only type-checked. */
  readonly runs: boolean;
}

/** Library and project files, which are the same for all blocks. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** All of them. */
export async function codeBlocks(): Promise<CodeBlock[]> {
  const pages = await Promise.all(
    (await markdownFiles()).map(async (path) => blocksIn(path, await readFile(path, 'utf8'))),
  );
  return pages.flat();
}

/** Those of one page. */
export function blocksIn(path: string, text: string): CodeBlock[] {
  return [...text.matchAll(/^( *)```ts\b(.*)\n([^]*?)^\1```$/gm)].map(({ index, 2: info = '', 3: code = '' }) => {
    const above = text.slice(0, index).split('\n').length;
    const name = `${relative(fileURLToPath(ROOT), path)}:${above + 1}`;
    return { name, path, above, code, runs: !info.includes('no-run') };
  });
}

/**
 * What the compiler has to say about blocks, one line for each error; empty if all is well.
 *
 * @param setting module that exports a type `Setting`: what blocks may use without declaring it, by name
 */
export function typeErrors(blocks: readonly CodeBlock[], setting: { module: URL; names: readonly string[] }): string[] {
  const options = compilerOptions();
  const files = new Map<string, CodeBlock>(blocks.map((block) => [`${block.path}.${block.above}.ts`, block] as const));
  const host = ts.createCompilerHost(options);
  host.getCurrentDirectory = () => fileURLToPath(ROOT);
  const { fileExists, readFile: read, getSourceFile } = host;
  const textOf = ({ code }: CodeBlock): string => {
    const taken = declaredIn(code);
    const lent = setting.names.filter((name) => !taken.has(name));
    const from = JSON.stringify(fileURLToPath(setting.module).replace(/\.ts$/, '.js'));
    return `${code}\nexport {};\n${lent.map((name) => `declare var ${name}: import(${from}).Setting['${name}'];`).join(' ')}`;
  };
  host.fileExists = (path) => files.has(path) || fileExists.call(host, path);
  host.readFile = (path) => {
    const block = files.get(path);
    return block ? textOf(block) : read.call(host, path);
  };
  host.getSourceFile = (path, target, ...rest) => {
    const block = files.get(path);
    if (block) return ts.createSourceFile(path, textOf(block), target, true);
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, target, ...rest));
    return parsed.get(path);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([path, block]) => {
    const file = program.getSourceFile(path);
    const errors = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return errors.map(({ messageText, start = 0 }) => {
      const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
      const page = relative(fileURLToPath(ROOT), block.path);
      return `${page}:${block.above + 1 + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/**
 * Runs a block to its end.
 *
 * @param names values of what it may use without declaring it
 * @param load imports a module by the name that the block has for it
 */
export async function runBlock(
  { code, name }: CodeBlock,
  names: Record<string, unknown>,
  load: (module: string) => Promise<unknown>,
): Promise<void> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  });
  const modules = new Map<string, unknown>();
  for (const module of importsIn(code)) modules.set(module, await load(module));
  const taken = declaredIn(code);
  const lent = Object.entries(names).filter(([each]) => !taken.has(each));
  const parameters = ['require', 'exports', ...lent.map(([each]) => each)];
  const body = `return (async () => {${outputText}\n})();`;
  const run = compileFunction(body, parameters, { filename: name }) as (...values: unknown[]) => Promise<void>;
  await run((module: string) => modules.get(module), {}, ...lent.map(([, value]) => value));
}

function compilerOptions(): ts.CompilerOptions {
  const path = fileURLToPath(new URL('tsconfig.json', ROOT));
  const { config } = ts.readConfigFile(path, (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(path));
  // Examples are short: they name things for the reader, and leave out what only a large project wants.
  return { ...options, noUnusedLocals: false, noUnusedParameters: false, noImplicitOverride: false };
}

function statementsOf(code: string): readonly ts.Statement[] {
  return ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true).statements;
}

function importsIn(code: string): string[] {
  return statementsOf(code).flatMap((statement) =>
    ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier.text]
      : [],
  );
}

/** Names that a block declares at its top level. */
function declaredIn(code: string): Set<string> {
  const names = new Set<string>();
  const add = (name: ts.BindingName | undefined): void => {
    if (!name) return;
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name);
  };
  for (const statement of statementsOf(code)) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) add(name);
    else if (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) add(statement.name);
    else if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {};
      add(name);
      if (namedBindings && ts.isNamespaceImport(namedBindings)) add(namedBindings.name);
      else for (const element of namedBindings?.elements ?? []) add(element.name);
    }
  }
  return names;
}
