import { fill, fit, widthOf, wrap } from '../text/fit.js';
import { style } from '../text/style.js';
import { PANES, type Input, type PaneName, type State } from '../store/state.js';
import { callbacks } from './callbacks.js';
import { HEAD, HINTS, layoutOf, type Column } from './layout.js';
import { breakpoints, journal, logs, runs } from './lists.js';
import { metrics } from './metrics.js';
import type { Pane } from './pane.js';
import { parameters } from './parameters.js';
import { header, progress } from './progress.js';
import { prompt } from './prompt.js';

export const panes: Record<PaneName, Pane> = {
  metrics,
  progress,
  callbacks,
  parameters,
  breakpoints,
  journal,
  logs,
  prompt,
  runs,
};

/** A key and what it does, for the bottom row. */
export type Hint = readonly [key: string, what: string];

/** The whole screen: one text for each of its rows but the last, all as wide as it is. */
export function screen(state: State, hints: readonly Hint[]): string[] {
  const { columns, rows } = state.size;
  const height = Math.max(1, rows - 1);
  const body = state.page ? pageRows(state) : paneRows(state);
  return [...header(state).slice(0, HEAD), ...body, bottom(state, hints)]
    .slice(0, height)
    .concat(Array.from({ length: height }, () => ''))
    .slice(0, height)
    .map((row) => fit(row, columns));
}

function paneRows(state: State): string[] {
  const { columns, foot } = layoutOf(state);
  const stacks = columns.map((column) => stack(state, column));
  const between = ` ${style.dim('│')} `;
  const side = (stacks[0] ?? []).map((_, y) => stacks.map((rows) => rows[y] ?? '').join(between));
  return [...side, ...(foot > 0 ? block(state, 'prompt', state.size.columns, foot) : [])];
}

function stack(state: State, { width, panes: names }: Column): string[] {
  return names.flatMap(({ name, height }) => block(state, name, width, height));
}

/** A pane under its title. */
function block(state: State, name: PaneName, width: number, height: number): string[] {
  const pane = panes[name];
  const rows = pane.rows(state, { columns: width, rows: height - 1 }).slice(0, height - 1);
  const filled = Array.from({ length: height - 1 }, (_, y) => fit(rows[y] ?? '', width));
  return [titleRow(name, pane.note?.(state) ?? '', state.focus === name, width), ...filled];
}

function titleRow(name: PaneName, note: string, focused: boolean, width: number): string {
  const number = PANES.indexOf(name) + 1;
  const title = focused ? style.accent(style.bold(`${number} ${name}`)) : `${style.dim(String(number))} ${name}`;
  const end = note ? ` ${style.dim(note)} ` : '';
  const rule = (focused ? '━' : '─').repeat(Math.max(0, width - widthOf(title) - widthOf(end) - 3));
  const paint = focused ? style.accent : style.dim;
  return fit(`${paint(focused ? '━' : '─')} ${title} ${paint(rule)}${end}`, width);
}

/** Something to read, in place of the panes. */
function pageRows({ page, size }: State): string[] {
  if (!page) return [];
  const height = size.rows - 1 - HEAD - HINTS;
  const lines = page.lines.flatMap((line) => wrap(line, size.columns - 2));
  const top = Math.max(0, Math.min(page.top, lines.length - height + 1));
  const title = ` ${style.accent(style.bold(page.title))} `;
  const more =
    lines.length > height - 1
      ? style.dim(` ${top + 1}–${Math.min(lines.length, top + height - 1)} of ${lines.length} `)
      : '';
  const rule = style.accent('━'.repeat(Math.max(0, size.columns - widthOf(title) - widthOf(more) - 1)));
  const seen = lines.slice(top, top + height - 1).map((line) => ` ${line}`);
  return [
    `${style.accent('━')}${title}${rule}${more}`,
    ...seen,
    ...Array.from({ length: height - 1 - seen.length }, () => ''),
  ];
}

function bottom({ question, page, input, size: { columns } }: State, hints: readonly Hint[]): string {
  if (question) {
    const answers = question.answers.map(([key, meaning]) => `${style.bold(key)} ${meaning}`);
    return ` ${style.warn(style.bold(question.text))}  ${fill(answers, columns - widthOf(question.text) - 4)}`;
  }
  const text = (shown: readonly Hint[]) => shown.map(([key, what]) => `${style.bold(key)} ${style.dim(what)}`);
  if (page) return ` ${fill(text(READING), columns - 2)}`;
  if (!input) return ` ${fill(text(hints), columns - 2)}`;
  const about = input.mode === 'field' ? [style.warn(input.label)] : [];
  return ` ${fill([...about, ...text(TYPING[input.mode])], columns - 2)}`;
}

const READING: readonly Hint[] = [
  ['↑↓', 'scroll'],
  ['esc', 'back'],
];

const DONE: readonly Hint[] = [
  ['enter', 'do it'],
  ['esc', 'leave it'],
];

/** Keys while something is typed. */
const TYPING: Record<Input['mode'], readonly Hint[]> = {
  command: [...DONE, ['tab', 'complete'], ['↑↓', 'what was typed before']],
  prompt: [
    ['enter', 'evaluate'],
    ['tab', 'complete'],
    ['↑↓', 'what was typed before'],
    ['esc', 'leave'],
  ],
  filter: [
    ['enter', 'keep'],
    ['esc', 'show all'],
  ],
  field: DONE,
};
