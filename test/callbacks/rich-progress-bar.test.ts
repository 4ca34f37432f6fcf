import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it, vi } from 'vitest';
import { RichProgressBar, Trainer } from 'strobe';
import { RichRenderer } from '../../src/display/progress/rich.js';
import { batches, quietTrainer, Scripted } from '../support/scripted.js';

function stream(isTTY: boolean, columns = 80, depth = 1) {
  const pass = new PassThrough() as unknown as NodeJS.WriteStream & PassThrough;
  let text = '';
  pass.on('data', (chunk: Buffer) => (text += chunk.toString()));
  Object.assign(pass, { isTTY, columns, getColorDepth: () => depth });
  return { pass, text: () => text };
}

const escapes = /\u001B\[[0-9;]*[A-Za-z]|\r/g;
const view = { description: 'Epoch 0', done: 50, total: 200, elapsed: 5, doneHere: 50, metrics: {} };

describe('a RichProgressBar', () => {
  it('draws a bar, and the metrics as a table below it', () => {
    const { pass, text } = stream(true, 60);
    new RichRenderer(pass).finish({ ...view, metrics: { loss: 0.25, val_loss: 1.5 } });
    const [first, names, values] = text().split('\n');
    expect(first).toMatch(/^Epoch 0 █+▌·+ 50\/200 0:05 < 0:15 10\.0 it\/s$/);
    expect(names).toBe('   loss  val_loss');
    expect(values).toBe('  0.250     1.500');
  });

  it('is never wider than the terminal', () => {
    const metrics = fc.dictionary(fc.stringMatching(/^[a-z_]{1,20}$/), fc.double({ noNaN: true }), { maxKeys: 12 });
    fc.assert(
      fc.property(metrics, fc.integer({ min: 30, max: 140 }), (metrics, columns) => {
        const { pass, text } = stream(true, columns);
        new RichRenderer(pass).finish({ ...view, metrics });
        for (const line of text().replace(escapes, '').split('\n')) expect(stringWidth(line)).toBeLessThan(columns);
      }),
    );
  });

  it('has the colours of its theme, as many as the terminal has', () => {
    const full = stream(true, 80, 24);
    new RichRenderer(full.pass, { progressBar: '#ff0000' }).show([view]);
    expect(full.text()).toContain('\u001B[38;2;255;0;0m');
    const none = stream(true, 80, 1);
    new RichRenderer(none.pass, { progressBar: '#ff0000' }).show([view]);
    expect(none.text()).not.toContain('38;2');
  });

  it('is plain lines where it is piped', async () => {
    const { pass, text } = stream(false);
    const callbacks = [new RichProgressBar({ stream: pass })];
    await quietTrainer({ maxEpochs: 2, callbacks }).fit(new Scripted(), batches(2));
    expect(text()).toMatch(/^Epoch 0: 2\/2 .*\nEpoch 1: 2\/2 .*\n$/);
  });

  it.each([
    [true, 2],
    [false, 0],
  ])('leaves a line of each epoch on a terminal: %s', async (leave, lines) => {
    const { pass, text } = stream(true);
    // No time passes, or a busy machine would have more to draw in between.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    const callbacks = [new RichProgressBar({ stream: pass, leave })];
    await quietTrainer({ maxEpochs: 2, callbacks }).fit(new Scripted(), batches(2));
    clock.mockRestore();
    expect(text().split('\n')).toHaveLength(lines + 1);
  });

  it("takes the plain bar's place", () => {
    const bar = new RichProgressBar();
    const trainer = new Trainer({ maxEpochs: 1, callbacks: [bar] });
    expect(trainer.callbacks.filter((each) => each.constructor.name.endsWith('ProgressBar'))).toEqual([bar]);
  });

  it.each([
    [{ theme: { progressBar: 'red' } }, /progressBar[\s\S]*#rrggbb/],
    [{ theme: { colour: '#000000' } as never }, /no option colour/],
    [{ refreshRate: -1 }, /new RichProgressBar: wrong value for refreshRate/],
  ])('refuses %o', (options, message) => expect(() => new RichProgressBar(options)).toThrow(message));
});
