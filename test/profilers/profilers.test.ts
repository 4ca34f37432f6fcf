import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdvancedProfiler, Callback, ChromeTraceProfiler, SimpleProfiler, type Trainer } from 'strobe';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-profile-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Computes for so many milliseconds; the clock is read too seldom to count. */
function spin(milliseconds: number): number {
  const until = performance.now() + milliseconds;
  let sum = 0;
  while (performance.now() < until) for (let i = 0; i < 20_000; i++) sum += Math.sqrt(i);
  return sum;
}

class Busy extends OneWeight {
  sum = 0;
  override trainingStep(batch: tf.Tensor, batchIdx: number) {
    this.sum += spin(3);
    return super.trainingStep(batch, batchIdx);
  }
}
class Watching extends Callback {
  override async onTrainBatchEnd(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function fit(trainer: Trainer) {
  const printed: string[] = [];
  trainer.printer = (text) => printed.push(text);
  return trainer.fit(new Busy(), upTo(4)).then(() => printed.join('\n'));
}

describe('a simple profiler', () => {
  it('measures every hook of every callback, the phases, the epoch and the batches; the longest first', async () => {
    const profiler = new SimpleProfiler();
    const report = await fit(quietTrainer({ profiler, callbacks: [new Watching()] }));
    const calls = Object.fromEntries(profiler.rows.map(({ action, calls }) => [action, calls]));
    expect(calls).toMatchObject({
      run_training_epoch: 1,
      run_training_batch: 4,
      '[train].train_dataloader_next': 4,
      '[train].trainingStep': 4,
      '[train].optimizerStep': 4,
      '[Callback]Watching.onTrainBatchEnd': 4,
    });
    const totals = profiler.rows.map(({ total }) => total);
    expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    const of = (action: string) => profiler.rows.find((row) => row.action === action)!;
    expect(of('[train].trainingStep').mean).toBeGreaterThan(0.0029);
    expect(of('[Callback]Watching.onTrainBatchEnd').mean).toBeGreaterThan(0.001);
    expect(report).toMatch(/Action +│ +Mean duration \(s\)/);
  });

  it('is there by name, and writes its report to a file if it is given one', async () => {
    expect(await fit(quietTrainer({ profiler: 'simple' }))).toContain('run_training_epoch');
    const filename = join(folder, 'deep', 'report.txt');
    expect(await fit(quietTrainer({ profiler: new SimpleProfiler({ filename }) }))).toBe('');
    expect(await readFile(filename, 'utf8')).toContain('Profiler report');
  });

  it('refuses to start twice and to stop what it does not measure', () => {
    const profiler = new SimpleProfiler();
    profiler.start('a');
    expect(() => profiler.start('a')).toThrow(/measures already/);
    expect(() => profiler.stop('b')).toThrow(/does not measure.*expected: a/s);
  });

  it('measures again after a fit that failed', async () => {
    const profiler = new SimpleProfiler();
    const trainer = quietTrainer({ profiler });
    trainer.printer = () => undefined;
    class Failing extends OneWeight {
      override trainingStep(): tf.Scalar {
        throw new RangeError('step');
      }
    }
    await expect(trainer.fit(new Failing(), upTo(2))).rejects.toThrow('step');
    await fit(trainer);
    expect(profiler.rows.find(({ action }) => action === 'run_training_batch')?.calls).toBe(4);
  });
});

describe('a profiled run', () => {
  it('may be rewound, forked and looked at; the fork is not measured', async () => {
    const profiler = new SimpleProfiler();
    const trainer = quietTrainer({ profiler });
    trainer.printer = () => undefined;
    const run = trainer.run(new OneWeight(), upTo(4));
    await run.step(3);
    await run.rewind(2);
    const fork = await run.fork();
    await fork.step();
    await run.step(2);
    await fork.finish();
    expect(await run.finish()).toMatchObject({ outcome: 'completed', steps: 4 });
    expect(fork.trainer.profiler).toBeUndefined();
    expect(profiler.rows.find(({ action }) => action === 'run_training_epoch')?.calls).toBe(1);
  });
});

describe('an advanced profiler', () => {
  it('names the functions that an action spends its time in', async () => {
    const report = await fit(quietTrainer({ profiler: new AdvancedProfiler() }));
    const section = report.split('\n\n').find((text) => text.startsWith('[train].trainingStep'));
    expect(section).toMatch(/4 calls/);
    // V8 counts a function that it has inlined to its caller.
    expect(section).toMatch(/ms {2}\S+ \(\S+\.ts:\d+\)/);
  });
});

describe('a Chrome trace', () => {
  it('is a file of complete events, nested as the actions were', async () => {
    const filename = join(folder, 'trace.json');
    await fit(quietTrainer({ profiler: new ChromeTraceProfiler({ filename }) }));
    const { traceEvents } = JSON.parse(await readFile(filename, 'utf8')) as {
      traceEvents: { name: string; ph: string; ts: number; dur: number }[];
    };
    const steps = traceEvents.filter(({ name }) => name === '[train].trainingStep');
    const batches = traceEvents.filter(({ name }) => name === 'run_training_batch');
    expect(steps).toHaveLength(4);
    steps.forEach((step, i) => {
      const batch = batches[i]!;
      expect(step.ph).toBe('X');
      expect(batch.ts).toBeLessThanOrEqual(step.ts);
      expect(batch.ts + batch.dur).toBeGreaterThanOrEqual(step.ts + step.dur);
    });
  });
});
