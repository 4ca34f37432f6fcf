import { describe, expect, it } from 'vitest';
import { callbacksTable, metricsTable, Table } from 'strobe/display';
import { EarlyStopping } from 'strobe';

const table = new Table({
  title: 'Scores',
  columns: ['name', 'loss'],
  rows: [
    ['a|b', 0.123456],
    ['<i>', undefined],
  ],
  highlights: [[0, 1]],
  notes: ['2 rows'],
});

describe('a table', () => {
  it('is aligned as text, numbers to the right', () => {
    expect(table.toText()).toBe(
      ['Scores', 'name     loss', '─────────────', 'a|b   0.1235*', '<i>', '2 rows'].join('\n'),
    );
  });

  it('has a line for each row, whatever is in the cells', () => {
    const { columns } = table;
    const rows = [
      ['two\nlines', '名前\n'],
      ['x', 'y'],
    ];
    expect(new Table({ columns, rows }).toText().split('\n')).toHaveLength(4);
  });

  it('is markdown', () => {
    expect(table.toMarkdown()).toBe(
      [
        '**Scores**',
        '',
        '| name | loss |',
        '| --- | ---: |',
        '| a\\|b | **0.1235** |',
        '| <i> |  |',
        '',
        '2 rows  ',
      ].join('\n'),
    );
  });

  it('is HTML of class dataframe that shows markup as text', () => {
    const html = table.toHtml();
    expect(html).toContain('<table class="dataframe">');
    expect(html).toContain('&lt;i&gt;');
    expect(html).toContain('<b>0.1235</b>');
  });
});

it('has the last value of each metric in each epoch, and points out the best', () => {
  const metrics = metricsTable([
    { step: 0, epoch: 0, loss: 3 },
    { step: 1, epoch: 0, loss: 2, val_acc: 0.4 },
    { step: 2, epoch: 1, loss: 2.5, val_acc: 0.6 },
  ]);
  expect(metrics.rows).toEqual([
    [0, 2, 0.4],
    [1, 2.5, 0.6],
  ]);
  expect(metrics.highlights).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

it('lists callbacks with their hooks and fields', () => {
  const [row] = callbacksTable({ callbacks: [new EarlyStopping({ monitor: 'val_loss' })] }).rows;
  expect(row?.[1]).toBe('EarlyStopping');
  expect(row?.[2]).toContain('onValidationEnd');
  expect(row?.[3]).toContain('patience: 3');
});
