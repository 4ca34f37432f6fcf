import stringWidth from 'string-width';
import { SHOW, type Drawable, type MimeBundle, type Showable } from '../bundle.js';
import { shortNumber } from '../short-number.js';
import { escapeHtml } from '../escape.js';
import { alignedText, type Align } from '../aligned-text.js';

/** What may stand in a cell: also what draws itself, such as a small curve. Undefined is an empty cell. */
export type Cell = string | number | boolean | Drawable | undefined;

/** What a Table is made of. */
export interface TableSpec {
  /** Above the table. */
  title?: string;
  /** Names of the columns; all empty: no head. */
  columns: readonly string[];
  /** Cells, row by row. */
  rows: readonly (readonly Cell[])[];
  /** Cells to point out, as `[row, column]`. */
  highlights?: readonly (readonly [row: number, column: number])[];
  /** What stands below the table. */
  notes?: readonly string[];
}

/** A table, as data: shown by `display(table)`, and as text, markdown and HTML. Columns of numbers stand to the right. */
export class Table implements TableSpec, Drawable, Showable {
  /** Above the table. */
  readonly title?: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Cells, row by row. */
  readonly rows: readonly (readonly Cell[])[];
  readonly highlights: readonly (readonly [number, number])[];
  readonly notes: readonly string[];

  constructor({ title, columns, rows, highlights = [], notes = [] }: TableSpec) {
    if (title !== undefined) this.title = title;
    this.columns = columns;
    this.rows = rows;
    this.highlights = highlights;
    this.notes = notes;
  }

  toText(): string {
    const table = alignedText(
      this.columns.map(oneLine),
      this.#cells((text, lit) => oneLine(lit ? `${text}*` : text)),
      this.#align(),
    );
    const [head = '', ...rest] = table.split('\n');
    const rule = '─'.repeat(Math.max(...table.split('\n').map((line) => stringWidth(line))));
    const top = this.#headed ? [head, rule] : [];
    return [...(this.title ? [this.title] : []), ...top, ...rest, ...this.notes].join('\n');
  }

  /** The table as GitHub writes it. */
  toMarkdown(): string {
    const row = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
    const rule = `| ${this.#align()
      .map((align) => (align === 'right' ? '---:' : '---'))
      .join(' | ')} |`;
    const rows = this.#cells((text, lit) => (lit ? `**${text}**` : text)).map(row);
    const title = this.title ? [`**${escapeMarkdown(this.title)}**`, ''] : [];
    const notes = this.notes.length > 0 ? ['', ...this.notes.map((note) => `${escapeMarkdown(note)}  `)] : [];
    return [...title, row(this.columns), rule, ...rows, ...notes].join('\n');
  }

  /** With `class="dataframe"`, which notebook front ends give their own looks, light and dark. */
  toHtml(): string {
    const align = this.#align();
    const cell = (tag: 'th' | 'td', text: string, i: number) =>
      `<${tag} style="text-align:${align[i] ?? 'left'};padding:2px 10px">${text}</${tag}>`;
    const names = this.columns.map((name, i) => cell('th', escapeHtml(name), i)).join('');
    const head = this.#headed ? `<thead><tr>${names}</tr></thead>` : '';
    const body = this.#cells((text, lit) => (lit ? `<b>${text}</b>` : text), cellHtml)
      .map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`)
      .join('');
    const title = this.title ? `<div><b>${escapeHtml(this.title)}</b></div>` : '';
    const notes = this.notes.map((note) => `<div>${escapeHtml(note)}</div>`).join('');
    const table = `<table class="dataframe">${head}<tbody>${body}</tbody></table>`;
    return `<div style="max-width:100%;overflow-x:auto">${title}${table}${notes}</div>`;
  }

  [SHOW](): MimeBundle {
    return { 'text/html': this.toHtml(), 'text/markdown': this.toMarkdown(), 'text/plain': this.toText() };
  }

  /** Whether any column has a name. */
  get #headed(): boolean {
    return this.columns.some((name) => name !== '');
  }

  #cells(dress: (text: string, highlighted: boolean) => string, draw = cellText): string[][] {
    const lit = new Set(this.highlights.map(([row, column]) => `${row} ${column}`));
    return this.rows.map((row, i) => row.map((cell, j) => dress(draw(cell), lit.has(`${i} ${j}`))));
  }

  #align(): Align[] {
    return this.columns.map((_, i) => {
      const cells = this.rows.map((row) => row[i]).filter((cell) => cell !== undefined && cell !== '');
      return cells.length > 0 && cells.every((cell) => typeof cell === 'number') ? 'right' : 'left';
    });
  }
}

function cellText(cell: Cell): string {
  if (typeof cell === 'object') return cell.toText();
  return typeof cell === 'number' ? shortNumber(cell) : String(cell ?? '');
}

function cellHtml(cell: Cell): string {
  return typeof cell === 'object' ? cell.toHtml() : escapeHtml(cellText(cell));
}

function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/\|/g, '\\|');
}

/** A row of a table is a line. */
function oneLine(text: string): string {
  return text.replace(/\n/g, ' ');
}
