import stringWidth from 'string-width';

/** A table of text, for whoever shows it: a terminal, a file, a notebook. */
export interface TextTable {
  header: readonly string[];
  rows: readonly (readonly string[])[];
  /** Columns whose cells stand at the right. */
  numeric?: readonly boolean[];
}

/** Columns separated by ` | `, a rule below the header. */
export function plainTable({ header, rows, numeric = [] }: TextTable): string {
  const widths = header.map((title, i) =>
    Math.max(...[title, ...rows.map((row) => row[i] ?? '')].map((text) => stringWidth(text))),
  );
  const cell = (text: string, i: number): string => {
    const blanks = ' '.repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(text)));
    return numeric[i] ? blanks + text : text + blanks;
  };
  const line = (row: readonly string[]) =>
    header
      .map((_, i) => cell(row[i] ?? '', i))
      .join(' | ')
      .trimEnd();
  return [line(header), widths.map((width) => '-'.repeat(width)).join('-|-'), ...rows.map(line)].join('\n');
}

/** The same as HTML; `below` is more HTML that belongs to it. */
export function htmlTable({ header, rows, numeric = [] }: TextTable, below = ''): string {
  const align = (i: number) => (numeric[i] ? ' style="text-align:right"' : ' style="text-align:left"');
  const row = (cells: readonly string[], tag: 'td' | 'th') =>
    `<tr>${cells.map((text, i) => `<${tag}${align(i)}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => row(cells, 'td')).join('\n');
  return `<table>\n<thead>${row(header, 'th')}</thead>\n<tbody>\n${body}\n</tbody>\n</table>${below}`;
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
