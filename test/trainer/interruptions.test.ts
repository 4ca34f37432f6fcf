import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Callback, HOOK_NAMES, type HookName, type Logger, type Trainer } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Begins and the ends they owe. */
const PAIRS: [HookName, HookName][] = [
  ['setup', 'teardown'],
  ['onFitStart', 'onFitEnd'],
  ['onSanityCheckStart', 'onSanityCheckEnd'],
  ['onTrainStart', 'onTrainEnd'],
  ['onTrainEpochStart', 'onTrainEpochEnd'],
  ['onValidationStart', 'onValidationEnd'],
  ['onValidationEpochStart', 'onValidationEpochEnd'],
];

const FIT_HOOKS = HOOK_NAMES.filter((hook) => !/Test|Predict/.test(hook));

/** Counts each hook it sees. */
class Witness extends Callback {
  readonly seen: Partial<Record<HookName, number>> = {};
  exceptions = 0;
  constructor() {
    super();
    for (const hook of FIT_HOOKS) {
      Object.assign(this, { [hook]: () => void (this.seen[hook] = (this.seen[hook] ?? 0) + 1) });
    }
  }
  override onException(): void {
    this.exceptions += 1;
  }
}

/** Something that goes wrong at its nth time, once. */
class Trouble {
  #left: number;
  constructor(
    readonly how: 'throw' | 'reject' | 'abort',
    nth: number,
    readonly abort: AbortController,
  ) {
    this.#left = nth;
  }
  strike(): unknown {
    if (this.#left-- !== 0) return undefined;
    if (this.how === 'abort') this.abort.abort(new Error('enough'));
    else if (this.how === 'throw') throw new RangeError('trouble');
    else return Promise.reject(new RangeError('trouble'));
    return undefined;
  }
}

const places = fc.oneof(
  fc.constantFrom(...FIT_HOOKS).map((hook) => ({ hook })),
  fc.constantFrom('trainingStep', 'validationStep', 'loader', 'logger', 'optimizerStep').map((part) => ({ part })),
);

describe('an exception or an interrupt anywhere', () => {
  it('leaves every beginning with its end, once, an outcome that says so, and a trainer that can fit again', async () => {
    let struck = 0;
    await fc.assert(
      fc.asyncProperty(
        places,
        fc.constantFrom('throw' as const, 'reject' as const, 'abort' as const),
        fc.nat(5),
        async (place, how, nth) => {
          const abort = new AbortController();
          const trouble = new Trouble(how, nth, abort);
          const at = (name: string) => ('part' in place && place.part === name ? trouble.strike() : undefined);
          let on = true;
          class Model extends OneWeight {
            override trainingStep(batch: tf.Tensor, batchIdx: number) {
              this.log('batch', batchIdx);
              // A step cannot reject: it is synchronous.
              const result = on ? at('trainingStep') : undefined;
              if (result instanceof Promise) result.catch(() => undefined);
              return result === undefined ? super.trainingStep(batch, batchIdx) : (result as never);
            }
            override validationStep() {
              return on ? at('validationStep') : undefined;
            }
            override optimizerStep(_epoch: number, _batch: number, optimizer: { step(): void }) {
              const result = on ? at('optimizerStep') : undefined;
              if (result instanceof Promise) result.catch(() => undefined);
              optimizer.step();
            }
          }
          const data = {
            train: {
              length: 3,
              async *[Symbol.asyncIterator]() {
                for (const batch of upTo(3)) {
                  if (on) await at('loader');
                  yield batch;
                }
              },
            },
            val: upTo(2),
          };
          const logger: Logger = { logMetrics: () => (on ? (at('logger') as undefined) : undefined) };
          const [before, after] = [new Witness(), new Witness()];
          const troubled = new (class Troubled extends Callback {})();
          if ('hook' in place) Object.assign(troubled, { [place.hook]: () => (on ? trouble.strike() : undefined) });
          const trainer = quietTrainer({
            maxEpochs: 2,
            callbacks: [before, troubled, after],
            logger,
            logEveryNSteps: 1,
          });
          trainer.printer = () => undefined;

          const outcome = await trainer.fit(new Model(), data, { signal: abort.signal }).then(
            (result) => result.outcome,
            (error: Error) => {
              expect(error.message).toMatch(/trouble|promise/);
              return 'failed';
            },
          );
          if (outcome === 'failed' || outcome === 'interrupted') struck += 1;
          if (how === 'abort') expect(outcome).toMatch(/interrupted|completed/);
          for (const [begin, end] of PAIRS) {
            // Who has seen a beginning sees its end; who stands behind the trouble may see an end without it.
            expect([begin, before.seen[end] ?? 0]).toEqual([begin, before.seen[begin] ?? 0]);
            expect(after.seen[end] ?? 0).toBeGreaterThanOrEqual(after.seen[begin] ?? 0);
          }
          expect(before.seen.teardown ?? 0).toBeLessThanOrEqual(1);
          expect(before.exceptions).toBe(outcome === 'failed' || outcome === 'interrupted' ? 1 : 0);
          expect(trainer.status).toBe(outcome === 'completed' ? 'finished' : outcome);

          on = false;
          const again: Trainer = trainer;
          const result = await again.fit(new Model(), data, { epochs: 1 });
          expect(result.outcome).toBe('completed');
        },
      ),
      { numRuns: 150 },
    );
    expect(struck).toBeGreaterThan(50);
  }, 60_000);
});
