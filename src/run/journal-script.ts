import type { Position } from './events.js';
import { sameMoment, type JournalEntry } from './journal.js';
import type { SettingPath } from './settings.js';
import { isTensorValues } from './tensor-values.js';

const CALLBACK = `const callback = (key: string) => run.callbacks.keyed().find(([own]) => own === key)![1];`;
const PARAMETER = `const parameter = (name: string) => run.module.parameters().find((own) => own.name === name)!;`;

/** The journal as TypeScript that does the same to a fresh `run`. */
export function journalScript(entries: readonly JournalEntry[]): string {
  const changes = entries.map((entry) => ({ entry, lines: statements(entry.path, entry.from, entry.to) }));
  const uses = (name: string) => changes.some(({ lines }) => lines.some((line) => line.includes(`${name}(`)));
  const lines = [
    '// A run that was begun as the journal was: const run = trainer.run(model, data);',
    ...(uses('callback') ? [CALLBACK] : []),
    ...(uses('parameter') ? [PARAMETER] : []),
  ];
  let last: Position | undefined;
  for (const { entry, lines: own } of changes) {
    if (!last || !sameMoment(last, entry.position)) lines.push('', `await run.until(${moment(entry.position)});`);
    last = entry.position;
    lines.push(...own);
  }
  return `${lines.join('\n')}\n`;
}

/** What `until` is told to come to a position. */
function moment({ hook, path, epoch, batchIdx, globalStep, dataloaderIdx }: Position): string {
  const where = Object.entries({ path, epoch, batchIdx, globalStep, dataloaderIdx });
  const test = where.map(([name, value]) => `position.${name} === ${JSON.stringify(value)}`);
  return `'${hook}', ({ position }) => ${test.join(' && ')}`;
}

function statements([root = '', ...rest]: SettingPath, from: unknown, to: unknown): string[] {
  const value = literal(to);
  const field = rest.at(-1) ?? '';
  const named = JSON.stringify(rest[0] ?? '');
  switch (root) {
    case 'callbacks':
      if (rest.length === 1) return order(from as string[], to as string[]);
      return [assignment(`callback(${named})`, field, value)];
    case 'parameters':
      return [field === 'value' ? `parameter(${named}).assign(${value});` : `parameter(${named}).${field} = ${value};`];
    case 'optimizers':
      return [`run.trainer.optimizers[${rest[0]}]!.paramGroups[${rest[2]}]!.${field} = ${value};`];
    case 'lrSchedulers':
      return [assignment(`run.trainer.lrSchedulers[${rest[0]}]!.scheduler`, field, value)];
    case 'hparams':
      return [`run.module.hparams[${JSON.stringify(field)}] = ${value};`];
    case 'module': {
      const path = rest.length === 1 ? [] : (rest[0] ?? '').split('.');
      const owner = path.reduce((outer, name) => `(${outer} as any)[${JSON.stringify(name)}]`, 'run.module');
      return [assignment(owner, field, value)];
    }
    case 'step':
      return [`run.${field} = ${value};`];
    case 'trainer':
      return [`run.trainer.${field} = ${value};`];
    default:
      return [`run.trainer.${root}.${field} = ${value};`];
  }
}

/** For fields that the type of their owner does not tell of. */
function assignment(owner: string, field: string, value: string): string {
  return `Object.assign(${owner}, { ${JSON.stringify(field)}: ${value} });`;
}

/** A callback that was added is the one thing a script cannot make. */
function order(from: string[], to: string[]): string[] {
  const keys = to.map((key) => `callback(${JSON.stringify(key)})`);
  return [
    ...to.filter((key) => !from.includes(key)).map((key) => `// Here ${key} was added: run.callbacks.add(...);`),
    `run.callbacks.splice(0, run.callbacks.length, ${keys.join(', ')});`,
  ];
}

function literal(value: unknown): string {
  if (isTensorValues(value)) {
    const { values, shape, dtype } = value;
    return `tf.tensor(${JSON.stringify(values)}, ${JSON.stringify(shape)}, '${dtype}')`;
  }
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (value instanceof Map || value instanceof Set) return `new ${value.constructor.name}(${literal([...value])})`;
  if (ArrayBuffer.isView(value)) return `new ${value.constructor.name}(${literal([...(value as Uint8Array)])})`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}: ${literal(item)}`)
      .join(', ')} }`;
  }
  return numeric(value) ?? JSON.stringify(value) ?? 'undefined';
}

/** JSON has no NaN and no infinities. */
function numeric(value: unknown): string | undefined {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : undefined;
}
