import stringWidth from 'string-width';

export type Align = 'left' | 'right';

/** Columns of text, two spaces apart, the header above a rule unless it is empty. */
export function alignedText(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Align[],
): string {
  const widths = header.map((name, i) => Math.max(stringWidth(name), ...rows.map((row) => stringWidth(row[i] ?? ''))));
  const cell = (text: string, i: number) => {
    const room = ' '.repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(text)));
    return align[i] === 'right' ? room + text : text + room;
  };
  const line = (row: readonly string[]) =>
    header
      .map((_, i) => cell(row[i] ?? '', i))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
