/**
 * Writes the tables of options in docs/ from the code: `npx tsx scripts/option-tables.ts`.
 *
 * A table stands below a line `<!-- options: NAME -->`, where NAME is an exported type such as `TimerOptions`. Names and types are
 * the type's, meanings the comments of its fields, defaults what the schema says, or the sentence "Default: ..." of the comment.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { markdownFiles, ROOT } from './docs-files.js';

const TABLE = /<!-- options: (\w+) -->\n(?:\n?\| option.*\n(?:\|.*\n)+)?/g;
const ENTRY = fileURLToPath(new URL('src/index.ts', ROOT));

/** Each page that has such tables, as it should be. */
export async function pagesWithOptions(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const tableOf = await tables();
  for (const path of await markdownFiles()) {
    const text = await readFile(path, 'utf8');
    if (text.search(TABLE) === -1) continue;
    const filled = text.replace(TABLE, (_, name: string) => `<!-- options: ${name} -->\n\n${tableOf(name)}\n`);
    pages.set(path, await format(filled, { ...(await resolveConfig(path)), parser: 'markdown' }));
  }
  return pages;
}

async function tables(): Promise<(name: string) => string> {
  const config = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', ROOT)), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, fileURLToPath(ROOT));
  const program = ts.createProgram([ENTRY], options);
  const checker = program.getTypeChecker();
  const entry = checker.getSymbolAtLocation(program.getSourceFile(ENTRY) as ts.SourceFile) as ts.Symbol;
  const exported = new Map(checker.getExportsOfModule(entry).map((symbol) => [symbol.name, symbol]));
  return (name) => {
    const symbol = exported.get(name);
    if (!symbol) throw new Error(`There is no exported type ${name} to make a table of.`);
    const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const fields = checker.getDeclaredTypeOfSymbol(own).getProperties();
    return tableOf([...fields].sort(byPlace).map((field) => rowOf(field, checker)));
  };
}

interface Row {
  name: string;
  type: string;
  byDefault: string;
  meaning: string;
}

function rowOf(field: ts.Symbol, checker: ts.TypeChecker): Row {
  const comment = ts.displayPartsToString(field.getDocumentationComment(checker)).replace(/\s+/g, ' ');
  const [, meaning = comment, said] = /^(.*?)\s*\bDefault:? (.*?)\.?$/.exec(comment) ?? [];
  const type = checker.getNonNullableType(checker.getTypeOfSymbol(field));
  const { InTypeAlias, NoTruncation } = ts.TypeFormatFlags;
  const [short, long] = [0, InTypeAlias].map((flags) => checker.typeToString(type, undefined, flags | NoTruncation));
  // The name of a type says more than its parts, unless these are the words that may be given.
  const text = /^("[^"]*"( \| )?)+$/.test(long ?? '') ? long : short;
  const optional = (field.flags & ts.SymbolFlags.Optional) !== 0;
  const nullable = optional && /\bnull\b/.test(checker.typeToString(checker.getTypeOfSymbol(field)));
  return {
    name: field.name,
    type: (nullable ? `${text} | null` : `${text}`).replaceAll('"', "'"),
    byDefault: said ?? code(defaultOf(field)) ?? (optional ? '' : 'required'),
    meaning: meaning.replace(/\.$/, ''),
  };
}

/** What the schema's `.default(...)` is called with, as it is written. */
function defaultOf({ declarations = [] }: ts.Symbol): string | undefined {
  for (const declaration of declarations) {
    if (!ts.isPropertyAssignment(declaration)) continue;
    let call: ts.Expression = declaration.initializer;
    while (ts.isCallExpression(call) && ts.isPropertyAccessExpression(call.expression)) {
      if (call.expression.name.text === 'default') return call.arguments[0]?.getText();
      call = call.expression.expression;
    }
  }
  return undefined;
}

function byPlace(a: ts.Symbol, b: ts.Symbol): number {
  const place = ({ declarations: [first] = [] }: ts.Symbol) => first?.getStart() ?? 0;
  const file = ({ declarations: [first] = [] }: ts.Symbol) => first?.getSourceFile().fileName ?? '';
  return file(a) === file(b) ? place(a) - place(b) : 0;
}

function tableOf(rows: Row[]): string {
  const cells = rows.map(({ name, type, byDefault, meaning }) => [code(name), code(type), byDefault, meaning]);
  const lines = [['option', 'type', 'default', 'meaning'], ['---', '---', '---', '---'], ...cells];
  return lines.map((line) => `| ${line.map((cell) => (cell ?? '').replaceAll('|', '\\|')).join(' | ')} |\n`).join('');
}

function code(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `\`${text}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, text] of await pagesWithOptions()) await writeFile(path, text);
