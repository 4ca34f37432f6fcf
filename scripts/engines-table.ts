/**
 * Writes the table of kernels into docs/engines.md, from the code.
 *
 *     npm run docs:engines
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { families } from '../src/backend/onnx/kernels/index.js';
import { aliases } from '../src/backend/onnx/register.js';

const [begin, end] = ['<!-- kernels: begin -->', '<!-- kernels: end -->'];
export const page = fileURLToPath(new URL('../docs/engines.md', import.meta.url));

/** The page with its table as the code has it now. */
export function withTable(markdown: string): string {
  const [before, rest] = markdown.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${page} has no ${begin} and ${end}.`);
  return `${before}${begin}\n\n${kernelTable()}\n\n${end}${after}`;
}

function kernelTable(): string {
  const rows = Object.entries(families).flatMap(([family, kernels]) =>
    Object.keys(kernels)
      .sort()
      .map((name) => {
        const { accepts, exact } = kernels[name] as (typeof kernels)[string];
        return [
          `\`${name}\``,
          family,
          accepts ? 'native, some calls cpu' : 'native',
          exact ? 'the same' : 'last bits differ',
        ];
      }),
  );
  const known = new Set([
    ...Object.values(families).flatMap((kernels) => Object.keys(kernels)),
    ...Object.keys(aliases),
  ]);
  const borrowed = tf
    .getKernelsForBackend('cpu')
    .map(({ kernelName }) => kernelName)
    .filter((name) => !known.has(name));
  return [
    `${rows.length} kernels are computed natively:`,
    '',
    table([['kernel', 'family', 'computed', 'compared with cpu'], ...rows]),
    '',
    `${Object.keys(aliases).length} compute nothing, they share the values: ${list(Object.keys(aliases))}.`,
    '',
    `${borrowed.length} are the cpu backend's: ${list(borrowed)}.`,
  ].join('\n');
}

const list = (names: string[]) =>
  names
    .sort()
    .map((name) => `\`${name}\``)
    .join(', ');

function table([header = [], ...rows]: string[][]): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, withTable(readFileSync(page, 'utf8')));
