import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ModelSummary, RichModelSummary, Trainer, type Callback } from 'strobe';
import { setDisplayHost } from '../../src/display/hosts.js';
import { batches, quietTrainer, Scripted } from '../support/scripted.js';

const isTTY = process.stdout.isTTY;
afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY });
});

async function printed(callback: Callback, model = new Scripted()): Promise<string> {
  const print = vi.spyOn(console, 'log').mockReturnValue();
  print.mockClear();
  await quietTrainer({ maxEpochs: 1, callbacks: [callback] }).fit(model, batches(1));
  return print.mock.calls.flat().join('\n');
}

describe('a ModelSummary', () => {
  it('is printed when a fit begins, unless it is to show nothing', async () => {
    expect(await printed(new ModelSummary())).toMatch(/other params[\s\S]*1 {9}Trainable params/);
    expect(await printed(new ModelSummary({ maxDepth: 0 }))).toBe('');
  });

  it('is an HTML table in a notebook', async () => {
    const shown: unknown[] = [];
    setDisplayHost({ rich: true, show: (bundle) => void shown.push(bundle['text/html']) });
    try {
      expect(await printed(new ModelSummary())).toBe('');
    } finally {
      setDisplayHost(undefined);
    }
    expect(shown).toEqual([expect.stringContaining('1 Trainable params')]);
  });

  it('tells less, and says why, when the example does not go through the model', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    const text = await printed(new ModelSummary(), Object.assign(new Scripted(), { exampleInput: tf.ones([1]) }));
    expect(text).toContain('Total params');
    expect(text).not.toContain('In sizes');
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/no sizes[\s\S]*no forward/));
  });

  it('comes with the trainer, which takes another one in its place', () => {
    expect(new Trainer({ maxEpochs: 1 }).callbacks.get(ModelSummary)).toBeDefined();
    const rich = new RichModelSummary();
    expect(
      new Trainer({ maxEpochs: 1, callbacks: [rich] }).callbacks.filter((each) => each instanceof ModelSummary),
    ).toEqual([rich]);
  });

  it.each([[-2], [1.5]])('refuses maxDepth %d', (maxDepth) =>
    expect(() => new ModelSummary({ maxDepth })).toThrow('maxDepth'),
  );
});

describe('a RichModelSummary', () => {
  it('has lines on a terminal, and none elsewhere', async () => {
    Object.assign(process.stdout, { isTTY: true, getColorDepth: () => 1 });
    expect(await printed(new RichModelSummary())).toMatch(/┌[\s\S]*│[\s\S]*Total FLOPs/);
    Object.assign(process.stdout, { isTTY: false });
    expect(await printed(new RichModelSummary())).toMatch(/\| other params \|[\s\S]*Total Flops/);
  });
});
