import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { Parameter } from '../module/parameter.js';
import type { Algorithm, Hyperparameters } from './algorithm.js';
import { checkOptions, withoutUndefined } from './options.js';

/** Parameters that share hyperparameters. A plain object: what is written to it takes effect at the next step. */
export type ParamGroup<H extends Hyperparameters = Hyperparameters> = H & {
  /** The parameters it holds for. */
  params: Parameter[];
  /** For logs, displays and the journal. */
  name?: string;
  /** The learning rate schedules start from; set by the first scheduler attached. */
  initialLr?: number;
};

/** A group as it is given: what it does not say it takes from the optimizer's options. */
export type ParamGroupOptions<H extends Hyperparameters = Hyperparameters> = Partial<H> & {
  /** The parameters it holds for. */
  params: Parameter[];
  /** For logs, displays and the journal. */
  name?: string;
  /** The learning rate that schedules start from. */
  initialLr?: number;
};

/** What an optimizer is made of: parameters, or groups of them. */
export type GroupsOf<H extends Hyperparameters> = Parameter[] | ParamGroupOptions<H>[];

/** The group's own fields, apart from its hyperparameters. */
export function splitGroup<H extends Hyperparameters>(group: ParamGroupOptions<H>) {
  const { params, name, initialLr, ...hyperparameters } = withoutUndefined(group);
  return { params, own: withoutUndefined({ name, initialLr }), hyperparameters };
}

export function asGroups<H extends Hyperparameters>(owner: string, params: GroupsOf<H>): ParamGroupOptions<H>[] {
  if (!Array.isArray(params)) {
    throw wrongParams(owner, 'an array of parameters or of parameter groups', describe(params));
  }
  if (params.length === 0) throw emptyList(owner);
  if (params.every((entry) => entry instanceof Parameter)) return [{ params } as ParamGroupOptions<H>];
  if (params.some((entry) => entry instanceof Parameter)) {
    throw wrongParams(owner, 'either parameters or parameter groups', 'an array that mixes both');
  }
  return params;
}

/** A complete group: parameters checked, hyperparameters checked, what is missing taken from the defaults. */
export function completeGroup<H extends Hyperparameters>(
  algorithm: Algorithm<H>,
  group: ParamGroupOptions<H>,
  defaults: H,
  taken: Iterable<Parameter>,
): ParamGroup<H> {
  const { params, own, hyperparameters } = splitGroup(group);
  checkParams(algorithm.name, params, taken);
  const complete = checkOptions(algorithm.name, algorithm.schema, { ...defaults, ...hyperparameters });
  return { ...complete, ...own, params: [...params] } as ParamGroup<H>;
}

function checkParams(owner: string, params: unknown, taken: Iterable<Parameter>): void {
  if (!Array.isArray(params))
    throw wrongParams(owner, "a group's `params` to be an array of parameters", describe(params));
  if (params.length === 0) throw emptyList(owner);
  const seen = new Set([...taken].map((parameter) => parameter.variable));
  for (const entry of params) {
    if (!(entry instanceof Parameter)) throw wrongParams(owner, 'parameters only', describe(entry));
    if (entry.variable.dtype !== 'float32') {
      throw wrongParams(owner, 'float32 parameters', `${nameOf(entry)}, ${describe(entry.variable)}`);
    }
    if (seen.has(entry.variable)) {
      throw new ConfigurationError(
        StrobeError.compose(`${owner} was given the parameter ${nameOf(entry)} twice`, {
          expected: 'every parameter once, in one group',
          received: `${nameOf(entry)} a second time`,
          hint: 'a parameter in two groups would be updated twice a step: leave it in one.',
        }),
      );
    }
    seen.add(entry.variable);
  }
}

/** A parameter's name for messages; one that no module has found yet has only a shape. */
export function nameOf(parameter: Parameter): string {
  return parameter.name || `(unnamed, shape [${parameter.shape.join(', ')}])`;
}

function emptyList(owner: string): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`${owner} was given no parameters`, {
      expected: 'at least one parameter in every group',
      received: 'an empty array',
      hint: 'pass module.parameters(). Layers have no weights before they are built: give them an input shape, or set exampleInput.',
    }),
  );
}

function wrongParams(owner: string, expected: string, received: string): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`${owner} cannot optimize what it was given`, {
      expected,
      received,
      hint: 'pass module.parameters(), or groups like [{ params: head.parameters(), lr: 1e-3 }].',
    }),
  );
}
