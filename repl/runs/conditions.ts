import { compileFunction } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigurationError, StrobeError, type Run, type RunEvent } from '../../src/index.js';

/** Names that are there at some hooks only: an expression that uses one is passed over elsewhere. */
const SOMETIMES = ['loss', 'gradNorm', 'gradients'] as const;

/**
 * What an expression may use: what the event carries, the position, metrics by their names, and the run. `gradNorm` is the
 * norm of all gradients.
 */
function scopeOf(run: Run, event: RunEvent): Record<string, unknown> {
  const { trainer } = run;
  const { position } = event;
  const loss = 'loss' in event ? event.loss?.dataSync()[0] : trainer.callbackMetrics['loss'];
  return {
    ...trainer.callbackMetrics,
    ...event,
    ...position,
    step: position.globalStep,
    loss,
    event,
    run,
    trainer,
    tf,
    get module() {
      return run.module;
    },
    get lr() {
      return trainer.optimizers[0]?.lr;
    },
    get gradNorm() {
      return 'gradients' in event ? normOf(Object.values(event.gradients)) : undefined;
    },
  };
}

function normOf(gradients: readonly tf.Tensor[]): number {
  if (gradients.length === 0) return 0;
  return tf.tidy(() => Math.sqrt(tf.addN(gradients.map((each) => tf.sum(tf.square(each)))).dataSync()[0] ?? NaN));
}

/**
 * A JavaScript expression as a function of an event; undefined where the event lacks what it is about, and where a name in it
 * is nobody's yet: a metric has none before it is logged.
 *
 * @param tell gets, once, that a name is nobody's: it may be a mistake
 * @throws ConfigurationError if it cannot be read; so does the function if it fails
 */
export function compileExpression(
  run: Run,
  source: string,
  tell: (warning: string) => void,
): (event: RunEvent) => unknown {
  const evaluate = compile(source);
  let told = false;
  const used = SOMETIMES.filter((name) => new RegExp(`\\b${name}\\b`).test(source));
  const lacks = (event: RunEvent, scope: Record<string, unknown>) =>
    used.some((name) => (name === 'loss' ? scope['loss'] === undefined : !('gradients' in event)));
  return (event) => {
    const scope = scopeOf(run, event);
    try {
      return lacks(event, scope) ? undefined : evaluate(scope);
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw failed(source, error);
      if (!told) tell(`${error.message} yet: passed over until it is`);
      told = true;
      return undefined;
    }
  };
}

function compile(source: string): (scope: object) => unknown {
  try {
    const body = `with (scope) { return (${source}\n); }`;
    return compileFunction(body, ['scope'], { filename: 'condition' }) as (scope: object) => unknown;
  } catch (cause) {
    throw new ConfigurationError(
      StrobeError.compose('This expression cannot be read.', {
        expected: 'JavaScript, such as loss > 3 or epoch === 2 && gradNorm > 10',
        received: source || 'nothing',
        hint: cause instanceof Error ? cause.message : String(cause),
      }),
      { cause },
    );
  }
}

function failed(source: string, cause: unknown): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`The expression ${source} failed.`, {
      expected: 'a value',
      received: String(cause),
      hint: 'delete what waits for it, and set it anew',
    }),
    { cause },
  );
}
