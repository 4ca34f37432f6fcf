import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Callback, Timer, type TimerOptions, type TrainerOptions } from 'strobe';
import { batches, camelKeys, oracles, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const cases = await oracles('timer');
const find = (id: string) => cases.find((entry) => entry.id === id) as (typeof cases)[number];
const folder = scratchFolder();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  vi.spyOn(console, 'log').mockReturnValue();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A clock on which each training batch takes a second. */
class Clock extends Callback {
  override onTrainBatchStart(): void {
    vi.advanceTimersByTime(1000);
  }
}

async function train(timer: TimerOptions, options: TrainerOptions = {}, ckptPath?: string) {
  const callback = new Timer(timer);
  const trainer = quietTrainer({ maxEpochs: 100, ...options, callbacks: [new Clock(), callback] });
  const result = await trainer.fit(
    new Scripted(),
    { train: batches(4), val: batches(1) },
    ckptPath === undefined ? {} : { ckptPath },
  );
  return { timer: callback, trainer, result };
}

describe('a duration', () => {
  it.each(cases.filter(({ id }) => id.startsWith('timer.parse.')))('$id', ({ given, expect: expected }) => {
    expect(new Timer({ duration: given['duration'] as string }).duration).toBe(expected['seconds']);
  });

  it.each(cases.filter(({ id }) => id.startsWith('timer.bad.')))('$id', ({ given, expect: expected }) => {
    expect(expected['error']).toContain('is not a valid duration');
    const make = () => new Timer({ duration: given['duration'] as string });
    expect(make).toThrow(/is no time[\s\S]*DD:HH:MM:SS/);
    expect(make).toThrow(given['duration']);
  });

  it.each([
    [1500, 1.5],
    [{ hours: 1, minutes: 2, seconds: 3 }, 3723],
    [{ days: 2 }, 172_800],
    ['10:00:00:00', 864_000],
  ])('%o is %d seconds', (duration, seconds) => expect(new Timer({ duration }).duration).toBe(seconds));

  it.each([[-1], [NaN], [{ weeks: 1 }], [null as never], ['']])('%o is refused', (duration) =>
    expect(() => new Timer({ duration: duration as number })).toThrow('is no time'),
  );
});

describe('a Timer', () => {
  it('timer.remaining: runs from the start of the training', () => {
    const { given, expect: expected } = find('timer.remaining');
    const timer = new Timer({ duration: { seconds: given['duration_s'] as number } });
    vi.advanceTimersByTime(60_000);
    const now = () => ({ elapsed: timer.timeElapsed(), remaining: timer.timeRemaining() });
    expect(now()).toEqual(expected['before_start']);
    timer.onTrainStart();
    vi.advanceTimersByTime(3000);
    expect(now()).toEqual(expected['after']);
  });

  it('timer.zero: takes no step', async () => {
    const { trainer } = await train({ duration: 0 });
    expect({ global_step: trainer.globalStep, current_epoch: trainer.currentEpoch }).toEqual(find('timer.zero').expect);
  });

  it('timer.resume: one that has run out takes no step; one with time left goes on', async () => {
    const { trainer } = await train({ duration: { seconds: 3 } });
    expect(trainer.globalStep).toBe(3);
    const path = folder('timer.ckpt');
    await trainer.saveCheckpoint(path);
    const again = await train({ duration: { seconds: 3 } }, {}, path);
    expect(again.trainer.globalStep).toBe(3);
    expect(again.timer.timeElapsed()).toBeGreaterThanOrEqual(3);
    const longer = await train({ duration: { seconds: 5 } }, {}, path);
    expect(longer.trainer.globalStep).toBe(5);
  });

  it('timer.state', () => {
    const { given, expect: expected } = find('timer.state');
    const timer = new Timer({ duration: { seconds: given['duration_s'] as number } });
    const { timeElapsed } = timer.stateDict();
    const peer = (expected['state'] as { time_elapsed: Record<string, unknown> }).time_elapsed;
    expect(timeElapsed).toEqual(camelKeys(peer));
    timer.loadStateDict({ timeElapsed: (given['load'] as { time_elapsed: object }).time_elapsed });
    expect([timer.timeElapsed(), timer.timeRemaining()]).toEqual(expected['after_load[elapsed,remaining]']);
  });

  it('ends the training after the batch, or the epoch, in which its time is up, and says so', async () => {
    const step = await train({ duration: { seconds: 5 } });
    expect(step.trainer.globalStep).toBe(5);
    expect(step.result).toMatchObject({ outcome: 'stopped', reason: 'Time limit reached: 5.0 s of 5 s.' });
    const epoch = await train({ duration: { seconds: 5 }, interval: 'epoch', verbose: false });
    expect(epoch.trainer.globalStep).toBe(8);
    expect(vi.mocked(console.log).mock.calls.flat().join('\n')).toBe(
      'Time limit reached: 5.0 s of 5 s. Signaling Trainer to stop.',
    );
  });

  it('comes after the minima', async () => {
    const { trainer } = await train({ duration: { seconds: 1 } }, { minEpochs: 2 });
    expect(trainer.globalStep).toBe(8);
  });

  it('knows when each stage began and ended', async () => {
    const { timer, trainer } = await train({}, { maxEpochs: 1 });
    await trainer.test(Object.assign(new Scripted(), { testStep: () => vi.advanceTimersByTime(2000) }), batches(1));
    expect(timer.timeElapsed('train')).toBe(4);
    expect(timer.timeElapsed('test')).toBe(2);
    expect(timer.endTime('test')! - timer.startTime('test')!).toBe(2);
    expect(timer.startTime('predict')).toBeUndefined();
    expect(timer.timeRemaining()).toBeUndefined();
  });
});

describe('maxTime', () => {
  it('is a Timer in the right place, with epochs unlimited', async () => {
    const trainer = quietTrainer({ maxTime: '00:00:00:02', callbacks: [new Clock()] });
    await trainer.fit(new Scripted(), batches(4));
    expect(trainer.globalStep).toBe(2);
    expect(trainer.limits.maxEpochs).toBe(-1);
  });

  it('gives way to a Timer that is there', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const trainer = quietTrainer({ maxTime: 1000, callbacks: [new Timer({ duration: 5 })] });
    expect(trainer.callbacks).toHaveLength(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('maxTime is passed over'));
  });

  it('is refused when it is no time', () => {
    expect(() => quietTrainer({ maxTime: 'a while' })).toThrow(/maxTime is no time[\s\S]*hours: 1/);
  });
});
