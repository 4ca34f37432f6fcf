import * as tf from '@tensorflow/tfjs';
import * as strobe from '../../src/index.js';
import { display } from '../../src/display/index.js';
import type { EvaluatorOptions } from '../../src/evaluator/evaluator.js';
import { namedCallbacks } from '../runs/owners.js';

type Globals = NonNullable<EvaluatorOptions['globals']>;

/**
 * What code at the prompt finds: the run at hand and what belongs to it, its callbacks by the names that the list of them
 * has, and everything that Strobe exports, also as `strobe`.
 *
 * @param file the experiment's, which knows the module's own type
 */
export function globalsOf(run: strobe.Run, file: string): Globals {
  const exported = Object.entries(strobe).map(([name, value]) => [
    name,
    { value: value as unknown, type: `typeof import('strobe').${name}` },
  ]);
  return {
    ...(Object.fromEntries(exported) as Globals),
    strobe: { value: strobe, module: 'strobe' },
    tf: { value: tf, module: '@tensorflow/tfjs' },
    display: { value: display, type: "typeof import('strobe/display').display" },
    ...liveGlobals(run, file),
  };
}

/** Those of them that another run has others of. */
export function liveGlobals(run: strobe.Run, file: string): Globals {
  const callbacks = namedCallbacks(run).map(([name, callback]) => [
    name.replace('#', ''),
    { value: callback, type: typeOf(callback) },
  ]);
  return {
    ...(Object.fromEntries(callbacks) as Globals),
    run: { value: run, type: "import('strobe').Run" },
    trainer: { value: run.trainer, type: "import('strobe').Trainer" },
    module: { value: run.module, type: `import('strobe').Module & ${moduleType(file)}` },
  };
}

function typeOf(callback: strobe.Callback): string {
  const { name } = callback.constructor;
  return name in strobe ? `import('strobe').${name}` : "import('strobe').Callback & Record<string, any>";
}

/** The type of the model that a file exports, or that the function gives which it exports. */
function moduleType(file: string): string {
  const exported = `(typeof import(${JSON.stringify(file.replace(/\.(m?)ts$/, '.$1js'))}))['default']`;
  return `(${exported} extends (...settings: any[]) => infer R ? Awaited<R> : ${exported})['model']`;
}
