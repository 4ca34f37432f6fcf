import type { ChalkInstance } from 'chalk';
import CliTable from 'cli-table3';

/** One line of a model summary. */
export interface SummaryRow {
  /** Dotted path from the module. */
  name: string;
  /** The layer's class. */
  type: string;
  /** Numbers in its parameters. */
  params: number;
  /** Absent for parameters that lie outside any layer. */
  mode?: 'train' | 'eval';
  /** Floating-point operations of the example on its way through; absent without one. */
  flops?: number;
  /** Sizes of the example's way through the layer; absent when it does not pass through it, or there is no example. */
  inSizes?: string;
  /** Size of what comes out, of the same example. */
  outSizes?: string;
}

/** What a table of a model says, before it is drawn. */
export interface Summary {
  /** Layers, outermost first. */
  rows: SummaryRow[];
  /** Whether there was an example input, so that sizes are known. */
  sized: boolean;
  /** Numbers in parameters that are trained. */
  trainable: number;
  /** Numbers in those that are frozen. */
  nonTrainable: number;
  /** Layers and modules in train mode. */
  modulesInTrain: number;
  /** Those in eval mode. */
  modulesInEval: number;
  /** Floating-point operations of the example; 0 without one. */
  flops: number;
}

const UNITS = ['', 'K', 'M', 'B', 'T'];

/** `1.2 K`, `132 K`, `12.0 M`; below a thousand the number itself. */
export function humanCount(count: number): string {
  const unit = count < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(count) / 3));
  const scaled = count / 1000 ** unit;
  if (unit === 0) return `${Math.trunc(count)}  `;
  return `${scaled >= 100 ? Math.trunc(scaled) : (Math.trunc(scaled * 10) / 10).toFixed(1)} ${UNITS[unit]}`;
}

/** Header and cells of the table. */
export function summaryTable({ rows, sized }: Summary): { header: string[]; cells: string[][] } {
  const header = [' ', 'Name', 'Type', 'Params', 'Mode', 'FLOPs', ...(sized ? ['In sizes', 'Out sizes'] : [])];
  const cells = rows.map((row, i) => [
    row.mode ? String(i) : ' ',
    row.name,
    row.type,
    humanCount(row.params).trimEnd(),
    row.mode ?? 'n/a',
    row.flops === undefined ? 'n/a' : humanCount(row.flops).trimEnd(),
    ...(sized ? [row.inSizes ?? '?', row.outSizes ?? '?'] : []),
  ]);
  return { header, cells };
}

/** What stands below the table: a figure and what it is. Sizes are for 4 bytes a parameter; 1 MB is 10^6 bytes. */
export function summaryTotals(summary: Summary): [figure: string, name: string][] {
  const total = summary.trainable + summary.nonTrainable;
  const megabytes = (total * 4e-6).toLocaleString('en-US', { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  return [
    [humanCount(summary.trainable), 'Trainable params'],
    [humanCount(summary.nonTrainable), 'Non-trainable params'],
    [humanCount(total), 'Total params'],
    [megabytes, 'Total estimated model params size (MB)'],
    [String(summary.modulesInTrain), 'Modules in train mode'],
    [String(summary.modulesInEval), 'Modules in eval mode'],
    [humanCount(summary.flops), 'Total Flops'],
  ];
}

/** The summary as a table with lines, as a terminal shows it. */
export function richSummary(summary: Summary, chalk: ChalkInstance): string {
  const { header, cells } = summaryTable(summary);
  const colAligns = header.map((title) => (title === 'Params' || title === 'FLOPs' ? 'right' : 'left'));
  const table = new CliTable({
    head: header.map((title) => chalk.bold.magenta(title)),
    colAligns: colAligns,
    style: { head: [], border: [], compact: true },
  });
  table.push(...cells.map(([index = '', name = '', ...rest]) => [chalk.dim(index), chalk.bold(name), ...rest]));
  const grid = summaryTotals(summary).map(([figure, name]) => {
    const title = name === 'Total Flops' ? 'Total FLOPs' : name;
    return `${chalk.bold(title)}: ${figure.trimEnd()}`;
  });
  return [table.toString(), ...grid].join('\n');
}

/** The summary as text. */
export function summaryText(summary: Summary): string {
  const { header, cells } = summaryTable(summary);
  const widths = header.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ');
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width, 0) + 3 * (header.length + 1));
  const totals = summaryTotals(summary).map(([figure, name]) => `${figure.padEnd(10)}${name}`);
  return [line(header), rule, ...cells.map(line), rule, ...totals].join('\n');
}
