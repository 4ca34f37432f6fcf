import { ContractError, StrobeError } from '../errors.js';
import type { Session } from '../trainer/session.js';
import type { Position } from './events.js';
import { settingsOf, type Setting, type SettingPath } from './settings.js';

/** Something that was changed while a run was paused. Plain data. */
export interface JournalEntry {
  /** ISO 8601. */
  time: string;
  /** Where the run stood. */
  position: Position;
  /** What was changed, such as `['optimizers', '0', 'paramGroups', '0', 'lr']`. */
  path: SettingPath;
  /** What it was; absent for tensors, of which only the new values are kept. */
  from?: unknown;
  to: unknown;
}

/** Finds out what is changed between a pause and the next move, however it was done: by comparing before and after. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  #before: Map<string, { setting: Setting; value: unknown }> | undefined;

  /** The run has paused: this is how things are. */
  open(session: Session): void {
    const marked = settingsOf(session).map(
      (setting) => [key(setting), { setting, value: isTensor(setting) ? undefined : setting.read() }] as const,
    );
    this.#before = new Map(marked);
  }

  /** The run is about to move: what is different was changed meanwhile. */
  close(session: Session, position: Position): void {
    if (!this.#before) return;
    const time = new Date().toISOString();
    for (const setting of settingsOf(session)) {
      const former = this.#before.get(key(setting));
      if (former?.setting.mark === setting.mark) continue;
      const from = isTensor(setting) || !former ? {} : { from: former.value };
      this.entries.push({ time, position, path: setting.path, ...from, to: setting.read() });
    }
    this.#before = undefined;
  }
}

function key({ path }: Setting): string {
  return path.join('\n');
}

function isTensor({ path }: Setting): boolean {
  return path[0] === 'parameters' && path.at(-1) !== 'requiresGrad';
}

/** Makes a recorded change in a run that stands where it was made. */
export function apply(session: Session, entry: JournalEntry): void {
  const setting = settingsOf(session).find(({ path }) => path.join('\n') === entry.path.join('\n'));
  if (!setting) {
    throw new ContractError(
      StrobeError.compose(`This run has no ${entry.path.join('.')}.`, {
        expected: "a run of the same module, optimizers and callbacks as the journal's",
        received: `a change of ${entry.path.join('.')}`,
        hint: 'set the run up as the first one was, or leave this entry out',
      }),
    );
  }
  setting.write(entry.to as never);
}

/** Whether two positions are the same moment of a run. */
export function sameMoment(a: Position, b: Position): boolean {
  const { path, epoch, batchIdx, globalStep, dataloaderIdx } = a;
  return (
    path === b.path &&
    epoch === b.epoch &&
    batchIdx === b.batchIdx &&
    globalStep === b.globalStep &&
    dataloaderIdx === b.dataloaderIdx
  );
}

/** The journal as a table of text. */
export function journalTable(entries: readonly JournalEntry[]): string {
  const rows = [
    ['epoch', 'batch', 'step', 'hook', 'changed', 'from', 'to'],
    ...entries.map(({ position, path, from, to }) => [
      ...[position.epoch, position.batchIdx, position.globalStep].map(String),
      position.hook,
      path.join('.'),
      brief(from),
      brief(to),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** The journal as TypeScript that does the same to a fresh `run`. */
export function journalScript(entries: readonly JournalEntry[]): string {
  const lines = ["// A run that was begun as the journal's was: const run = trainer.run(model, data);"];
  let last: Position | undefined;
  for (const { position, path, to } of entries) {
    if (!last || !sameMoment(last, position)) {
      const { epoch, batchIdx, globalStep } = position;
      const test = `({ position }) => position.path === ${JSON.stringify(position.path)} && position.epoch === ${epoch} && position.batchIdx === ${batchIdx} && position.globalStep === ${globalStep}`;
      lines.push('', `await run.until('${position.hook}', ${test});`);
      last = position;
    }
    lines.push(statement(path, to));
  }
  return `${lines.join('\n')}\n`;
}

function statement([root = '', ...rest]: SettingPath, to: unknown): string {
  const value = JSON.stringify(to);
  const field = rest.at(-1) ?? '';
  const named = JSON.stringify(rest[0] ?? '');
  switch (root) {
    case 'callbacks':
      return `Object.assign(run.callbacks.keyed().find(([key]) => key === ${named})![1], { ${JSON.stringify(field)}: ${value} });`;
    case 'parameters': {
      const target = `run.module.parameters().find(({ name }) => name === ${named})!`;
      if (field === 'requiresGrad') return `${target}.requiresGrad = ${value};`;
      const { shape, values } = to as { shape: number[]; values: number[] };
      const tensor = `tf.tensor(${JSON.stringify(values)}, ${JSON.stringify(shape)})`;
      return field === 'value' ? `${target}.assign(${tensor});` : `${target}.grad = ${tensor};`;
    }
    case 'optimizers':
      return `run.trainer.optimizers[${rest[0]}]!.paramGroups[${rest[2]}]!.${field} = ${value};`;
    case 'hparams':
      return `run.module.hparams[${JSON.stringify(field)}] = ${value};`;
    case 'trainer':
      return `run.trainer.${field} = ${value};`;
    default:
      return `run.trainer.${root}.${field} = ${value};`;
  }
}
