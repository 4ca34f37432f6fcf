import chalk from 'chalk';

const LINES_AROUND = 2;

/** The lines around a place in a source, with the place underlined. */
export function codeFrame(source: string, start: number, length: number): string[] {
  const lines = source.split('\n');
  const { line, column } = positionAt(source, start);
  const first = Math.max(0, line - LINES_AROUND);
  const shown = lines.slice(first, line + LINES_AROUND + 1);
  const width = String(first + shown.length).length;
  return shown.flatMap((text, index) => {
    const number = String(first + index + 1).padStart(width);
    if (first + index !== line) return [`${chalk.dim(`  ${number} |`)} ${text}`];
    const underline = '~'.repeat(Math.max(1, Math.min(length, text.length - column)));
    return [
      `${chalk.red('>')} ${chalk.dim(`${number} |`)} ${text}`,
      `  ${' '.repeat(width)} ${chalk.dim('|')} ${' '.repeat(column)}${chalk.red(underline)}`,
    ];
  });
}

/** Zero-based line and column of an offset. */
export function positionAt(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, Math.max(0, offset));
  const line = before.split('\n').length - 1;
  return { line, column: before.length - (before.lastIndexOf('\n') + 1) };
}
