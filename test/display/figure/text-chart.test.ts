import { expect, it } from 'vitest';
import { Figure, histogram, metricCurves } from 'strobe/display';

const rows = Array.from({ length: 61 }, (_, step) => ({
  step,
  epoch: Math.floor(step / 20),
  train_loss: 2 * 0.95 ** step,
  ...(step % 20 === 0 ? { val_loss: 2.2 - step / 60 } : {}),
}));

it('draws curves in braille, with axes and a letter at the end of each', () => {
  expect(metricCurves(rows).toText()).toMatchInlineSnapshot(`
    "loss
        │⠉⠑⠒⠒⠢⠤⠤⢄⣀⣀
    2.0 ┤⠱⡀        ⠉⠉⠉⠒⠒⠒⠤⠤⠤⣀⣀⡀
        │ ⠈⠢⡀                 ⠈⠉⠉⠒⠒⠢⠤⠤⣀⣀
        │   ⠈⠢⡀                         ⠉⠉⠑⠒⠒⠤⠤⢄⣀⣀
    1.5 ┤     ⠈⠑⢄⡀                                ⠉⠉⠉⠒⠒⠒⠤⠤⢄⣀⣀⡀
        │        ⠈⠢⢄                                         ⠈⠉⠉⠑⠒⠒⠢⠤ b
    1.0 ┤           ⠑⠢⢄⡀
        │              ⠈⠑⠢⢄⡀
        │                  ⠈⠑⠢⢄⣀⡀
    0.5 ┤                       ⠈⠑⠒⠢⠤⢄⣀⡀
        │                              ⠈⠉⠒⠒⠤⠤⠤⣀⣀⣀
        │                                        ⠉⠉⠉⠉⠒⠒⠒⠒⠒⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀ a
        └┬─────────┬─────────┬─────────┬────────┬─────────┬─────────┬
         0        10        20        30       40        50        60  step
         a train_loss 0.09214   b val_loss 1.2"
  `);
});

it('draws bars, and lists marks', () => {
  const bars = new Figure({
    title: 'Counts',
    panels: [
      {
        kind: 'curves',
        x: { label: 'value' },
        y: { label: 'count' },
        series: [{ kind: 'bars', name: '', x: [0, 1, 2, 3], y: [1, 4, 2, 0] }],
        marks: [{ x: 1, label: 'most' }],
      },
    ],
  });
  expect(bars.toText()).toMatchInlineSnapshot(`
    "Counts

      count
    4 ┤               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
      │               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
      │               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
    3 ┤               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
      │               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
      │               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⡇
    2 ┤               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      │               ⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
    1 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      │⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
      │⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
    0 ┤⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
      └───────┬──────────────┬──────────────┬──────────────┬───────
              0              1              2              3  value
       ● most"
  `);
});

it('draws bars from 0, also those that hang down', () => {
  const text = (y: number[]) =>
    new Figure({
      panels: [{ kind: 'curves', x: {}, y: {}, series: [{ kind: 'bars', name: '', x: [0, 1], y }] }],
    }).toText();
  const inked = (chart: string) => chart.split('\n').map((line) => /[\u2801-\u28ff]/.test(line));
  expect(text([-2, 2]).split('\n')[0]).toMatch(/┤ +⢸⣿+$/);
  expect(text([-2, 2]).split('\n')[11]).toMatch(/┤⣿+⡇?$/);
  expect(inked(text([0, 0])).filter(Boolean)).toHaveLength(1);
});

it('says that a histogram of nothing has nothing to show', () => {
  for (const values of [[], [NaN]]) expect(histogram(values).toText()).toContain('nothing to show yet');
});

it('draws bars that would hide each other one chart after the other', () => {
  const text = histogram({ before: [1, 2, 2, 3], after: [3, 3, 4, 4] }, { bins: 4 }).toText();
  expect(text.split('\n').filter((line) => /^[a-z]/.test(line))).toEqual(['before', 'after']);
  expect(text.match(/└/g)).toHaveLength(2);
});

it('lists lying bars by name', () => {
  const flow = new Figure({
    panels: [
      {
        kind: 'curves',
        x: {},
        y: { categories: ['kernel', 'bias'] },
        series: [{ kind: 'rows', name: 'mean', x: [2, NaN], y: [0, 1] }],
      },
    ],
  });
  expect(flow.toText()).toMatchInlineSnapshot(`
    "mean
    kernel    2  ██████████████████████████████
    bias    NaN"
  `);
});
