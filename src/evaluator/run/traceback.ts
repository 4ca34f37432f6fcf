import { SourceMap, type SourceMapPayload } from 'node:module';
import { inspect } from 'node:util';
import chalk from 'chalk';
import { codeFrame } from '../code-frame.js';
import type { ErrorReport } from '../evaluator.js';

interface Source {
  label: string;
  text: string;
  /** In JSON: few are ever read. */
  map: string;
}

/** The sources of cells and local modules, by the file names under which V8 knows what was made of them. */
export class Sources {
  readonly #sources = new Map<string, Source>();
  /** Stacks as V8 writes them, of errors that tell another. */
  readonly #written = new WeakMap<object, string>();
  #count = 0;

  /** Gives the file name to compile the rewritten code under. */
  add(label: string, text: string, map: string): string {
    const file = `strobe-${++this.#count}:${label}`;
    this.#sources.set(file, { label, text, map });
    return file;
  }

  /** An error in lines of the cells: frames of Strobe's own machinery are left out, the line that threw is shown. */
  explain(error: unknown): ErrorReport {
    if (!(error instanceof Error)) {
      const message = describeThrown(error);
      return { name: 'Thrown', message, traceback: [`${chalk.red('Thrown')}: ${message}`] };
    }
    const message = readable(error.message);
    return { name: error.name, message, traceback: this.#lines(error, new Set()) };
  }

  /** From now on, wherever a stack is printed, it is told in lines of the cells and without the machinery below them. */
  tellStacks(): void {
    Error.prepareStackTrace = (error, sites) => {
      const title = Error.prototype.toString.call(error);
      const lines = sites.map((site) => `    at ${String(site)}`);
      const stack = [title, ...lines].join('\n');
      const frames = lines.map((line) => this.#frame(line));
      const lastOwn = frames.findLastIndex(({ source }) => source);
      if (lastOwn < 0) return stack;
      this.#written.set(error, stack);
      return [title, ...frames.slice(0, lastOwn + 1).map(({ text }) => text)].join('\n');
    };
  }

  #lines(error: Error, told: Set<unknown>): string[] {
    told.add(error);
    const lines = [`${chalk.red.bold(error.name)}: ${readable(error.message)}`];
    const { stack = '' } = error;
    const frames = (this.#written.get(error) ?? stack)
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .map((line) => this.#frame(line));
    const place = frames.find(({ source }) => source);
    if (place?.source) {
      const start =
        place.source.text.split('\n').slice(0, place.line).join('\n').length + (place.line > 0 ? 1 : 0) + place.column;
      lines.push(...codeFrame(place.source.text, start, 1));
    }
    const lastOwn = frames.findLastIndex(({ source }) => source);
    lines.push(...(lastOwn < 0 ? frames : frames.slice(0, lastOwn + 1)).map(({ text }) => chalk.dim(text)));
    if (error instanceof AggregateError)
      for (const inner of error.errors as unknown[]) lines.push(...this.#inner('', inner, told));
    if (error.cause !== undefined) lines.push(...this.#inner('Caused by ', error.cause, told));
    return lines;
  }

  #inner(intro: string, error: unknown, told: Set<unknown>): string[] {
    if (told.has(error)) return [];
    const [first = '', ...rest] = error instanceof Error ? this.#lines(error, told) : [describeThrown(error)];
    return [`  ${intro}${first}`, ...rest.map((line) => `  ${line}`)];
  }

  #frame(line: string): { text: string; source?: Source; line: number; column: number } {
    const found = /^(\s+at (?:.*\()?)(strobe-\d+:.*):(\d+):(\d+)(\)?)$/.exec(line);
    const source = this.#sources.get(found?.[2] ?? '');
    if (!found || !source) return { text: line, line: 0, column: 0 };
    const map = new SourceMap(JSON.parse(source.map) as SourceMapPayload);
    const entry = map.findEntry(Number(found[3]) - 1, Number(found[4]) - 1);
    const [original, column] = 'originalLine' in entry ? [entry.originalLine, entry.originalColumn] : [0, 0];
    const start = (found[1] ?? '')
      .replace(/(async )?(__strobe_evaluate__|Object\.<anonymous>) \(/, '$1(')
      .replace('at (', 'at ');
    const end = start.includes('(') ? ')' : '';
    return { text: `${start}${source.label}:${original + 1}:${column + 1}${end}`, source, line: original, column };
  }
}

/** V8 quotes the code it ran: `(0 , __scope.f) is not a function`. */
function readable(message: string): string {
  return message.replace(/\(0 ?, ?__scope\.([\w$]+)\)/g, '$1').replace(/__scope\./g, '');
}

function describeThrown(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 2 });
}
