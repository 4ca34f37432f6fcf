import { stat } from 'node:fs/promises';
import { register as registerHook } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { register } from 'tsx/esm/api';
import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { Module } from '../module/module.js';
import type { DataInput } from '../trainer/data-connector.js';
import { Trainer } from '../trainer/trainer.js';
import { isPlainRecord } from '../tensors/tree.js';

/** What a user's file exports by default, or what the function it exports gives. */
export interface Experiment {
  trainer: Trainer;
  model: Module;
  data?: DataInput;
}

/**
 * Loads a user's file, TypeScript included, and gives the experiment in it.
 *
 * @param settings handed to the function that the file exports
 * @throws ConfigurationError when there is no such file, it cannot be read, or exports something else
 */
export async function loadExperiment(file: string, settings: Record<string, unknown>): Promise<Experiment> {
  const path = resolve(file);
  const found = await stat(path).catch((cause: unknown) => {
    throw problem(`There is no file ${file}.`, 'a .ts or .js module', 'nothing at this path', 'check the path', cause);
  });
  if (found.isDirectory()) throw problem(`${file} is no file.`, 'a .ts or .js module', 'a folder', 'name a file in it');
  const exported = (await importFile(file, path))['default'];
  if (typeof exported !== 'function' && Object.keys(settings).length > 0) {
    const hint = 'export default (settings) => ({ trainer, model, data })';
    throw problem(`${file} takes no settings.`, 'a function as its default export', describe(exported), hint);
  }
  const experiment: unknown =
    typeof exported === 'function' ? await (exported as (s: object) => unknown)(settings) : exported;
  return check(file, experiment);
}

/**
 * Node takes a .ts file for CommonJS where the next package.json does not say otherwise, and could not `import` from it then.
 * A module hook, which has to be source.
 */
const TYPESCRIPT_IS_ESM = `
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  const typescript = /\\.tsx?(\\?|$)/.test(resolved.url);
  return typescript && resolved.format === 'commonjs' ? { ...resolved, format: 'module' } : resolved;
}`;

async function importFile(file: string, path: string): Promise<Record<string, unknown>> {
  // Errors name lines of the file, not of what the loader has made of it.
  process.setSourceMapsEnabled(true);
  const unregister = register();
  registerHook(`data:text/javascript,${encodeURIComponent(TYPESCRIPT_IS_ESM)}`);
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(cause.code))) {
      const [what = ''] = cause.message.split('\n');
      throw problem(
        `${file} cannot be read.`,
        'imports of what is there',
        what,
        'install it, or correct the name',
        cause,
      );
    }
    // The loader reports a file it cannot parse as a "Transform failed"; everything else is the file's own error.
    if (!(cause instanceof Error) || !/Transform failed|SyntaxError/.test(`${cause.name}: ${cause.message}`))
      throw cause;
    throw problem(
      `${file} cannot be read.`,
      'a TypeScript or JavaScript module',
      cause.message,
      'correct the line that it names',
      cause,
    );
  } finally {
    await unregister();
  }
}

function check(file: string, experiment: unknown): Experiment {
  const hint = 'end the file with: export default { trainer, model, data };';
  if (!isPlainRecord(experiment)) {
    throw problem(`${file} exports no experiment.`, '{ trainer, model, data }', describe(experiment), hint);
  }
  const { trainer, model } = experiment;
  if (!(trainer instanceof Trainer)) {
    throw problem(
      `${file} exports no trainer.`,
      'trainer: new Trainer({ ... })',
      `trainer: ${describe(trainer)}`,
      hint,
    );
  }
  if (!(model instanceof Module)) {
    throw problem(
      `${file} exports no model.`,
      'model: an instance of a class that extends Module',
      `model: ${describe(model)}`,
      hint,
    );
  }
  return experiment as unknown as Experiment;
}

function problem(what: string, expected: string, received: string, hint: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(what, { expected, received, hint }), { cause });
}
