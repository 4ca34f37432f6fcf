import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, type Module, type Trainer } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

class All extends OneWeight {
  calls = 0;
  override onFitStart(): void {
    this.calls += 1;
  }
  override validationStep(): void {}
  override testStep(): void {}
  override predictStep(): void {}
}

/** A call of each kind, with options as JavaScript may give them. */
const calls: Record<string, (trainer: Trainer, model: Module, options: never) => unknown> = {
  fit: (trainer, model, options) => trainer.fit(model, upTo(2), options),
  validate: (trainer, model, options) => trainer.validate(model, upTo(2), options),
  test: (trainer, model, options) => trainer.test(model, upTo(2), options),
  predict: (trainer, model, options) => trainer.predict(model, upTo(2), options),
  run: (trainer, model, options) => trainer.run(model, upTo(2), options),
};

async function complaint(call: string, options: unknown): Promise<string> {
  const trainer = quietTrainer();
  const model = new All();
  try {
    await calls[call]?.(trainer, model, options as never);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect([trainer.status, model.calls]).toEqual(['initializing', 0]);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe.each(Object.keys(calls))('trainer.%s', (call) => {
  it('refuses an option that it does not have, and names those it has', async () => {
    expect(await complaint(call, { ckptpath: 'x' })).toMatch(
      new RegExp(
        `trainer\\.${call}: there is no option ckptpath\\.[^]*expected: ckptPath, signal[^]*received: ckptpath\n`,
      ),
    );
  });

  it.each<[unknown, RegExp]>([
    [{ ckptPath: 3 }, /wrong value for ckptPath[^]*expected: a text[^]*received: 3/],
    [{ ckptPath: null }, /wrong value for ckptPath[^]*received: null/],
    [{ signal: {} }, /wrong value for signal[^]*an AbortSignal[^]*received: { {2}}/],
    [{ signal: new AbortController() }, /wrong value for signal[^]*received: an instance of AbortController/],
    ['last.ckpt', /wrong value for the options[^]*a record[^]*received: "last.ckpt"[^]*leave it out/],
  ])('refuses %o', async (options, message) => {
    expect(await complaint(call, options)).toMatch(message);
  });

  it('takes those it has, also undefined', async () => {
    for (const options of [{ ckptPath: undefined, signal: new AbortController().signal }, {}, undefined])
      expect(await calls[call]?.(quietTrainer(), new All(), options as never)).toBeDefined();
  });
});

it.each([-1, 0, 1.5, '3'])('trainer.fit refuses %o epochs more', async (epochs) => {
  expect(await complaint('fit', { epochs })).toMatch(/wrong value for epochs[^]*a whole number from 1 up: epochs/);
});

it.each<[object, RegExp]>([
  [{ stage: 'train' }, /wrong value for stage[^]*"fit" or "validate" or "test" or "predict"[^]*received: "train"/],
  [{ guard: 1 }, /wrong value for guard[^]*true or false/],
  [{ postMortem: 'yes' }, /wrong value for postMortem[^]*true or false/],
  [{ history: 2 ** 20 }, /wrong value for history[^]*{ limitBytes }: a number of bytes from 0 up[^]*received: 1048576/],
  [{ history: { limitBytes: -1 } }, /wrong value for history[^]*a number of bytes from 0 up/],
  [{ history: { limitByte: 1 } }, /wrong value for history[^]*received: { limitByte }/],
  [{ epochs: 3 }, /there is no option epochs[^]*ckptPath, signal, saveOnInterrupt, guard, postMortem, history, stage/],
])('trainer.run refuses %o', async (options, message) => {
  expect(await complaint('run', options)).toMatch(message);
});

it('trainer.saveCheckpoint refuses an option that it does not have: it would save all', async () => {
  const trainer = quietTrainer();
  await trainer.fit(new All(), upTo(1));
  await expect(trainer.saveCheckpoint(join(tmpdir(), 'never.ckpt'), { weightOnly: true } as never)).rejects.toThrow(
    /trainer.saveCheckpoint: there is no option weightOnly[^]*expected: weightsOnly/,
  );
});
