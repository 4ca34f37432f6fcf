import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Trainer, type TrainerOptions } from 'strobe';
import { RecordingCallback, RecordingModule, type Trace } from '../support/recorder.js';

interface Case {
  id: string;
  expect: { calls: string[]; global_step: number; current_epoch: number };
}

const cases = JSON.parse(await readFile(new URL('../oracles/hooks.json', import.meta.url), 'utf8')) as Case[];

/** What the peer does inside one of our phases, or calls something we have no counterpart of. */
const WITHOUT_COUNTERPART = /^(optimizer_step|clip_gradients|backward|Callback\.state_dict)\(/;
/** Hooks of the program that the peer's modules do not have. */
const OURS_ONLY = /^onSanityCheck(Start|End)$/;

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `Callback.on_train_batch_end(trainer, module, {...}, tensor, 1)` -> `Callback.onTrainBatchEnd(1)`. */
function translated(call: string): string {
  const match = /^((?:Callback\.)?\w+)\((.*)\)$/s.exec(call);
  if (!match) throw new Error(`cannot read ${call}`);
  const [, name = '', args = ''] = match;
  const ours = camel(name);
  if (name === 'train') return 'train(false)';
  if (name.endsWith('on_exception')) return 'Callback.onException';
  if (/(_batch_(start|end)|_step)$/.test(name) && !name.includes('optimizer') && !name.includes('lr_scheduler')) {
    return `${ours}(${/(\d+)$/.exec(args)?.[1]})`;
  }
  if (name === 'optimizer_zero_grad') return `${ours}(${/^(\d+, \d+)/.exec(args)?.[1]})`;
  return ours;
}

function expected(id: string): { calls: string[]; globalStep: number; currentEpoch: number } {
  const found = cases.find((entry) => entry.id === id);
  if (!found) throw new Error(`no case ${id}`);
  const { calls, global_step: globalStep, current_epoch: currentEpoch } = found.expect;
  return { calls: calls.filter((call) => !WITHOUT_COUNTERPART.test(call)).map(translated), globalStep, currentEpoch };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-hooks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function setUp(options: TrainerOptions) {
  const trace: Trace = [];
  const trainer = new Trainer({
    maxEpochs: 1,
    backend: 'cpu',
    logger: false,
    defaultRootDir: folder,
    enableProgressBar: false,
    enableModelSummary: false,
    ...options,
    callbacks: [new RecordingCallback(trace), ...(options.callbacks ?? [])],
  });
  const model = new RecordingModule(trace);
  const seen = () => trace.filter((call) => !OURS_ONLY.test(call));
  return { trainer, model, trace, seen };
}

describe("the order of hooks is the peer's", () => {
  it('in a fit with a sanity check', async () => {
    const { trainer, model, seen } = setUp({});
    await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected('hooks.fit_sanity_2train_1val');
    expect(seen()).toEqual(calls);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
  });

  it('when a stop is requested in the first batch: validation, then the end; and the epoch counts for its schedulers', async () => {
    const { trainer, model, seen } = setUp({ maxEpochs: 3, numSanityValSteps: 0 });
    const step = model.trainingStep.bind(model);
    model.trainingStep = (batch, batchIdx) => {
      trainer.shouldStop = true;
      return step(batch, batchIdx);
    };
    const result = await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected('hooks.fit_should_stop_first_batch');
    expect(seen().filter((call) => call !== 'lrSchedulerStep')).toEqual(calls);
    expect(seen().filter((call) => call === 'lrSchedulerStep')).toHaveLength(1);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
    expect(result).toMatchObject({ outcome: 'stopped', reason: 'trainer.shouldStop was set' });
  });

  it("when a stop is requested at an epoch's start: no batch, no validation", async () => {
    const { trainer, model, seen, trace } = setUp({ maxEpochs: 3, numSanityValSteps: 0 });
    model.onTrainEpochStart = () => {
      trace.push('onTrainEpochStart');
      trainer.shouldStop = true;
    };
    await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected('hooks.fit_should_stop_in_epoch_start');
    expect(seen()).toEqual(calls);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
  });

  it("when onTrainBatchStart says -1: the epoch's training ends, without validation", async () => {
    const { trainer, model, seen, trace } = setUp({ numSanityValSteps: 0 });
    model.batches.train = 3;
    model.onTrainBatchStart = (_batch, batchIdx) => {
      trace.push(`onTrainBatchStart(${batchIdx})`);
      return batchIdx === 1 ? -1 : undefined;
    };
    await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected('hooks.fit_on_train_batch_start_minus1');
    expect(seen()).toEqual(calls);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
  });

  it('when trainingStep returns nothing, but the optimizer does not step then', async () => {
    const { trainer, model, seen, trace } = setUp({ numSanityValSteps: 0, limitValBatches: 0 });
    model.batches.train = 1;
    model.trainingStep = (_batch, batchIdx) => {
      trace.push(`trainingStep(${batchIdx})`);
    };
    await trainer.fit(model);
    const peerSteps = ['Callback.onBeforeOptimizerStep', 'onBeforeOptimizerStep', 'configureGradientClipping'];
    const saves = ['Callback.onSaveCheckpoint', 'onSaveCheckpoint'];
    const { calls } = expected('hooks.fit_training_step_none');
    // Nothing is saved either: no optimizer step has been done.
    expect(seen()).toEqual(calls.filter((call) => ![...peerSteps, ...saves].includes(call)));
    expect(trainer.globalStep).toBe(0);
  });

  it.each([
    ['maxSteps in mid-epoch', 'hooks.fit_max_steps_1_of_2', { maxSteps: 1, maxEpochs: -1 }],
    ['validation twice an epoch', 'hooks.fit_valcheck_half_2batches', { valCheckInterval: 0.5 }],
  ])('with %s', async (_, id, options) => {
    const { trainer, model, seen } = setUp({ numSanityValSteps: 0, ...options });
    await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected(id);
    expect(seen()).toEqual(calls);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
  });

  it('with validation every second epoch', async () => {
    const { trainer, model, seen } = setUp({ maxEpochs: 2, checkValEveryNEpoch: 2, numSanityValSteps: 0 });
    model.batches.train = 1;
    await trainer.fit(model);
    const { calls, globalStep, currentEpoch } = expected('hooks.fit_two_epochs_checkval2');
    expect(seen()).toEqual(calls);
    expect([trainer.globalStep, trainer.currentEpoch]).toEqual([globalStep, currentEpoch]);
  });

  it('in validate and test', async () => {
    const validation = setUp({});
    await validation.trainer.validate(validation.model);
    expect(validation.seen()).toEqual(expected('hooks.validate').calls);
    const testing = setUp({});
    testing.model.batches.test = 2;
    await testing.trainer.test(testing.model);
    expect(testing.seen()).toEqual(expected('hooks.test').calls);
  });

  it('up to an error; then onException, and every end hook that is owed, once', async () => {
    const { trainer, model, seen, trace } = setUp({});
    model.validationStep = (_batch, batchIdx) => {
      trace.push(`validationStep(${batchIdx})`);
      throw new RangeError('v');
    };
    await expect(trainer.fit(model)).rejects.toThrow('v');
    const { calls } = expected('hooks.fit_exception_in_sanity');
    expect(seen().slice(0, calls.length)).toEqual([...calls.slice(0, -1), 'Callback.onException(RangeError)']);
    expect(seen().slice(calls.length)).toEqual([
      'Callback.onValidationEpochEnd',
      'onValidationEpochEnd',
      'Callback.onValidationEnd',
      'onValidationEnd',
      'Callback.onSanityCheckEnd',
      'Callback.onFitEnd',
      'onFitEnd',
      'Callback.teardown',
      'teardown',
    ]);
    expect(trainer.status).toBe('failed');
  });

  it('up to an interrupt; the fit ends with an outcome, not with an error', async () => {
    const abort = new AbortController();
    const { trainer, model, seen } = setUp({ numSanityValSteps: 0 });
    const step = model.trainingStep.bind(model);
    model.trainingStep = (batch, batchIdx) => {
      if (batchIdx === 1) abort.abort();
      return step(batch, batchIdx);
    };
    const result = await trainer.fit(model, undefined, { signal: abort.signal });
    expect(result.outcome).toBe('interrupted');
    const ends = [
      'Callback.onException(Interruption)',
      'Callback.onTrainEpochEnd',
      'Callback.onTrainEnd',
      'Callback.onFitEnd',
      'Callback.teardown',
    ];
    expect(seen().filter((call) => ends.includes(call))).toEqual(ends);
  });
});
