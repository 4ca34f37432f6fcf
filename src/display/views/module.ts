import type { Module } from '../../module/module.js';
import type { Parameter } from '../../module/parameter.js';
import { humanCount } from '../summary/layout.js';
import { summaryOf } from '../summary/summarize.js';
import { Table } from '../tables/table.js';
import { tensorView } from './tensor.js';
import { cellOf, fieldsTable } from './records.js';
import { View } from './view.js';

const MOST_DEPTH = 3;

/** What a module is made of, without running it: `summaryOf` sends its example input through it for the sizes. */
export function moduleView(module: Module): View {
  const { rows, trainable, nonTrainable } = summaryOf(module, { measured: false, maxDepth: MOST_DEPTH });
  const layers = rows.map(({ name, type, params, mode }) => [name, type, humanCount(params).trim(), mode]);
  const hparams = Object.entries(module.hparams).map(([name, value]) => [name, cellOf(value)] as const);
  const disposed = module.parameters().some(({ variable }) => variable.isDisposed);
  return new View(
    module.constructor.name,
    [
      `${humanCount(trainable + nonTrainable).trim()} parameters`,
      ...(nonTrainable > 0 ? [`${humanCount(nonTrainable).trim()} frozen`] : []),
      module.training ? 'train mode' : 'eval mode',
      ...(disposed ? ['disposed'] : []),
    ],
    [
      new Table({ columns: ['name', 'type', 'parameters', 'mode'], rows: layers }),
      fieldsTable(hparams, ['hyper-parameter', 'value']),
    ],
  );
}

/** A parameter's values, and its gradient while there is one. */
export function parameterView({ name, variable, requiresGrad, grad }: Parameter): View {
  const { facts, parts } = tensorView(variable);
  return new View(
    'Parameter',
    // The variable's own name means nothing to anybody.
    [
      name || '(not in a module yet)',
      ...facts.filter((fact) => fact !== variable.name),
      ...(requiresGrad ? [] : ['frozen']),
    ],
    [...parts, ...(grad === null ? [] : [gradientView(grad)])],
  );
}

function gradientView(grad: NonNullable<Parameter['grad']>): View {
  const { facts, parts } = tensorView(grad);
  return new View('Gradient', facts, parts);
}
