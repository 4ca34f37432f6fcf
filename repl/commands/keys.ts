import { panes } from '../panes/screen.js';
import { selectedIn } from '../panes/pane.js';
import { treeRows } from '../store/tree.js';
import { PANES, type PaneName, type State } from '../store/state.js';
import { changeCallback } from './changes.js';
import type { Context, Key } from './command.js';
import { execute } from './lookup.js';

const SMOOTHINGS = [undefined, 0, 0.6, 0.9, 0.97];
/** How far a key moves the cursor of the curves, as a share of what is seen. */
const STRIDE = 0.02;

function change(how: (state: State) => void) {
  return ({ store }: Context) => store.change(how);
}

function move(by: number) {
  return ({ store }: Context) =>
    store.change((state) => {
      const { focus, back, selected } = state;
      if (focus === 'logs' || focus === 'prompt') {
        back[focus] = Math.max(0, back[focus] - by);
        return;
      }
      const count = panes[focus].items?.(state) ?? 0;
      selected[focus] = selectedIn(selectedIn(selected[focus], count) + by, count);
    });
}

function turn(by: number) {
  return ({ store, focus }: Context) => {
    const at = PANES.indexOf(store.state.focus);
    focus(PANES[(at + by + PANES.length) % PANES.length] as PaneName);
  };
}

function cursor(by: number) {
  return change(({ metrics }) => {
    const at = (metrics.cursor ?? 1) + by * STRIDE * metrics.extent;
    metrics.cursor = Math.min(1, Math.max(0, at));
  });
}

function split(part: 'side' | 'foot', by: number) {
  return change(({ split }) => (split[part] = Math.min(0.8, Math.max(0.12, split[part] + by))));
}

/** The callback and the field that are selected. */
function selectedRow({ store: { state } }: Context) {
  const rows = treeRows(state);
  return rows[selectedIn(state.selected.callbacks, rows.length)];
}

function selectedItem<T>(
  pane: PaneName,
  items: (state: State) => readonly T[],
  act: (item: T, context: Context) => unknown,
) {
  return async (context: Context) => {
    const all = items(context.store.state);
    const item = all[selectedIn(context.store.state.selected[pane], all.length)];
    if (item !== undefined) await act(item, context);
  };
}

const breakpoint = (command: string) =>
  selectedItem(
    'breakpoints',
    ({ view }) => view?.breakpoints ?? [],
    ({ id }, context) => execute(`${command} ${id}`, context),
  );

/** Every key that is not a command's. The first that fits counts. */
export const keys: readonly Key[] = [
  {
    pane: 'metrics',
    key: 'l',
    description: 'logarithmic values',
    run: change(({ metrics }) => (metrics.logY = !metrics.logY)),
  },
  {
    pane: 'metrics',
    key: 'm',
    description: 'smoothing: by itself, none, more and more',
    run: change(({ metrics }) => {
      metrics.smoothing = SMOOTHINGS[(SMOOTHINGS.indexOf(metrics.smoothing) + 1) % SMOOTHINGS.length];
    }),
  },
  {
    pane: 'metrics',
    key: '+',
    description: 'zoom in, around the cursor or at the end',
    run: change(({ metrics }) => (metrics.extent = Math.max(1 / 64, metrics.extent / 2))),
  },
  {
    pane: 'metrics',
    key: '-',
    description: 'zoom out',
    run: change(({ metrics }) => (metrics.extent = Math.min(1, metrics.extent * 2))),
  },
  { pane: 'metrics', key: 'left', description: 'read values further back', run: cursor(-1) },
  { pane: 'metrics', key: 'right', description: 'read values further on', run: cursor(1) },
  {
    pane: 'metrics',
    key: '0',
    description: 'see everything, read the last values',
    run: change(({ metrics }) => Object.assign(metrics, { extent: 1, cursor: undefined })),
  },
  {
    pane: 'callbacks',
    key: 'enter',
    description: 'edit the field; fold the callback, or unfold it',
    run(context) {
      const row = selectedRow(context);
      if (!row) return;
      if (row.field) return context.type('field', row.field.text, `${row.field.name}: ${row.field.allowed}`);
      context.store.change((state) => {
        const folded = new Set(state.folded);
        if (!folded.delete(row.callback.name)) folded.add(row.callback.name);
        state.folded = folded;
      });
    },
  },
  {
    pane: 'callbacks',
    key: 'd',
    description: 'disable the callback, or enable it again',
    async run(context) {
      const row = selectedRow(context);
      if (row) await changeCallback(context, row.callback.enabled ? 'disable' : 'enable', row.callback.name);
    },
  },
  {
    pane: 'callbacks',
    key: 'x',
    description: 'remove the callback',
    async run(context) {
      const row = selectedRow(context);
      if (row) await changeCallback(context, 'remove', row.callback.name);
    },
  },
  { pane: 'callbacks', key: 'a', description: 'add a callback', run: ({ type }) => type('command', 'add new ') },
  {
    pane: 'parameters',
    key: 'f',
    description: 'freeze the parameter, or thaw it',
    run: selectedItem(
      'parameters',
      ({ view }) => view?.parameters ?? [],
      ({ name }, { bench, store }) =>
        bench.amend(() => {
          const parameter = bench.run.module.parameters().find((candidate) => candidate.name === name);
          if (!parameter) return;
          parameter.requiresGrad = !parameter.requiresGrad;
          store.say(`${name} is ${parameter.requiresGrad ? 'trained' : 'frozen'}`, 'good');
        }),
    ),
  },
  { pane: 'breakpoints', key: 'd', description: 'disable it, or enable it again', run: breakpoint('toggle') },
  { pane: 'breakpoints', key: 'x', description: 'delete it', run: breakpoint('delete') },
  { pane: 'breakpoints', key: 'a', description: 'add one', run: ({ type }) => type('command', 'b ') },
  {
    pane: 'runs',
    key: 'enter',
    description: 'take the run to hand',
    run: (context) =>
      execute(`switch ${selectedIn(context.store.state.selected.runs, context.bench.runs.length) + 1}`, context),
  },
  { key: 'tab', description: 'next pane', run: turn(1) },
  { key: 'shift+tab', description: 'pane before', run: turn(-1) },
  ...PANES.map((pane, i): Key => ({ key: String(i + 1), description: pane, run: ({ focus }) => focus(pane) })),
  { key: 'up', description: 'up', run: move(-1) },
  { key: 'down', description: 'down', run: move(1) },
  { key: 'pageup', description: 'up by ten', run: move(-10) },
  { key: 'pagedown', description: 'down by ten', run: move(10) },
  { key: 'z', description: 'the pane in focus alone, or all', run: change((state) => (state.alone = !state.alone)) },
  { key: '<', description: 'more room at the right', run: split('side', 0.05) },
  { key: '>', description: 'more room at the left', run: split('side', -0.05) },
  { key: '{', description: 'more room for the prompt', run: split('foot', 0.08) },
  { key: '}', description: 'less room for the prompt', run: split('foot', -0.08) },
  { key: '/', description: 'filter metrics', run: ({ type, store }) => type('filter', store.state.metrics.filter) },
  { key: ':', description: 'type a command', run: ({ type }) => type('command') },
  { key: 'i', description: 'type TypeScript', run: ({ focus }) => focus('prompt') },
  { key: 'ctrl+l', description: 'draw the screen anew', run: ({ redraw }) => redraw() },
];
