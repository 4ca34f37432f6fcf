import { describe, expect, it } from 'vitest';
import { MetricsHistory, type MetricsHistoryOptions } from 'strobe';
import { bundleOf } from '../../src/display/bundle-of.js';
import { batches, quietTrainer, scratchFolder, Scripted } from '../support/scripted.js';

const folder = scratchFolder();
const model = () => new Scripted({ train: { loss: [3, 2, 1] }, val: { val_loss: [0.5, 0.25, 0.125] } });
const data = { train: batches(2), val: batches(1) };
const setUp = (options: MetricsHistoryOptions = {}, maxEpochs = 2) => {
  const history = new MetricsHistory(options);
  return { history, trainer: quietTrainer({ maxEpochs, logEveryNSteps: 1, callbacks: [history] }) };
};

describe('a MetricsHistory', () => {
  it('has a row for each epoch, with everything that can be monitored', async () => {
    const { history, trainer } = setUp();
    await trainer.fit(model(), data);
    expect(history.rows).toEqual([
      { stage: 'fit', interval: 'epoch', epoch: 0, step: 2, metrics: { loss: 3, val_loss: 0.5 } },
      { stage: 'fit', interval: 'epoch', epoch: 1, step: 4, metrics: { loss: 2, val_loss: 0.25 } },
    ]);
    expect(history.values('val_loss')).toEqual([0.5, 0.25]);
  });

  it('has a row for each logged step, with what the step has logged', async () => {
    const { history, trainer } = setUp({ interval: 'step' });
    await trainer.fit(model(), data);
    expect(history.rows.map(({ step, metrics }) => [step, metrics])).toEqual([
      [1, { loss: 3 }],
      [2, { loss: 3 }],
      [3, { loss: 2 }],
      [4, { loss: 2 }],
    ]);
  });

  it('shows itself as a table', async () => {
    const { history, trainer } = setUp();
    await trainer.fit(model(), data);
    const table = history.table();
    expect(table.columns).toEqual(['epoch', 'step', 'loss', 'val_loss']);
    expect(table.rows).toEqual([
      [0, 2, 3, 0.5],
      [1, 4, 2, 0.25],
    ]);
    const bundle = bundleOf(table);
    expect(bundle['text/plain']).toContain('epoch');
    expect(bundle['text/html']).toContain('>0.25</td>');
  });

  it('is kept through checkpoints, and taken back when the run goes back', async () => {
    const { history, trainer } = setUp({}, 3);
    const run = trainer.run(model(), data);
    await run.epoch(2);
    await run.next();
    expect(history.values('loss')).toEqual([3, 2]);
    const path = folder('history.ckpt');
    await run.save(path);
    await run.rewind({ epoch: 0 });
    expect(history.rows).toEqual([]);
    await run.finish();
    expect(history.values('loss')).toEqual([3, 2, 1]);

    const again = setUp({}, 3);
    await again.trainer.fit(model(), data, { ckptPath: path });
    expect(again.history.values('loss')).toEqual([3, 2, 1]);
  });

  it('begins anew with a fit that does, and goes on with one that goes on', async () => {
    const { history, trainer } = setUp();
    await trainer.fit(model(), data);
    await trainer.fit(model(), data, { epochs: 1 });
    expect(history.rows.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
    await quietTrainer({ maxEpochs: 1, callbacks: [history] }).fit(model(), data);
    expect(history.rows.map(({ epoch }) => epoch)).toEqual([0]);
  });

  it('has a row for a validation or a test of its own', async () => {
    const { history, trainer } = setUp();
    await trainer.validate(model(), batches(1));
    expect(history.rows).toEqual([
      { stage: 'validate', interval: 'epoch', epoch: 0, step: 0, metrics: { val_loss: 0.5 } },
    ]);
    expect(history.table().columns).toEqual(['epoch', 'step', 'val_loss']);
  });

  it('refuses other intervals', () => {
    expect(() => new MetricsHistory({ interval: 'day' as never })).toThrow('interval');
  });
});
