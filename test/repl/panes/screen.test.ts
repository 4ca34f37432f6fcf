import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { screen } from '../../../repl/panes/screen.js';
import { PANES, say } from '../../../repl/store/state.js';
import { bench } from '../support.js';

async function afterAnEpoch(size = { columns: 80, rows: 24 }) {
  const { workbench, store, said } = bench(size);
  await workbench.goTo({ hook: 'onTrainEpochEnd' });
  const { state } = store;
  state.view = workbench.view(undefined, { callbacks: true, parameters: true });
  Object.assign(state, workbench.list());
  return { state, workbench, store, said };
}

describe('the screen', () => {
  it('shows where the run stands, its curves, its callbacks', async () => {
    const { state } = await afterAnEpoch();
    const text = screen(state, [['?', 'help']])
      .map((row) => stripVTControlCharacters(row))
      .join('\n');
    expect(text).toContain('❚❚ paused before onTrainEpochEnd');
    expect(text).toMatch(/epoch 0\/4 .* 10\/10/);
    expect(text).toMatch(/loss 0\.0\d+/);
    expect(text).toMatch(/[\u2801-\u28ff]/);
    expect(text).toMatch(/▾ EarlyStopping +\n/);
    expect(text).toMatch(/patience +3/);
    expect(text).toContain('? help');
  });

  it('has one row less than the terminal, each exactly as wide, whatever the size and the pane in focus', async () => {
    const { state } = await afterAnEpoch();
    say(state.logs, 'wide 漢字漢字漢字 and\ttabs and a very long line '.repeat(9));
    fc.assert(
      fc.property(
        fc.record({ columns: fc.integer({ min: 20, max: 260 }), rows: fc.integer({ min: 6, max: 80 }) }),
        fc.constantFrom(...PANES),
        fc.boolean(),
        (size, focus, alone) => {
          const rows = screen({ ...state, size, focus, alone }, [['?', 'help']]);
          expect(rows).toHaveLength(size.rows - 1);
          expect(new Set(rows.map((row) => stringWidth(row)))).toEqual(new Set([size.columns]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('uses spaces where a chart is blank', async () => {
    const { state } = await afterAnEpoch();
    expect(screen(state, []).join('')).not.toContain('\u2800');
  });

  it('shows the pane in focus, wherever it is', async () => {
    const { state } = await afterAnEpoch();
    for (const focus of PANES) {
      const text = screen({ ...state, focus }, [])
        .map((row) => stripVTControlCharacters(row))
        .join('\n');
      expect(text).toContain(`${PANES.indexOf(focus) + 1} ${focus} ━`);
    }
  });
});

describe('curves', () => {
  it('are filtered by name', async () => {
    const { state } = await afterAnEpoch();
    state.metrics.filter = 'val';
    const text = screen(state, [])
      .map((row) => stripVTControlCharacters(row))
      .join('\n');
    expect(text).toContain('val_loss');
    expect(text).not.toContain('train_loss');
  });

  it('have a legend and their number among the others, however long and many names are', async () => {
    const { state } = await afterAnEpoch();
    const names = Array.from({ length: 30 }, (_, i) => `metric ${i} 名前 with a name that is wider than its pane`);
    if (state.view) state.view.curves = names.map((name) => ({ name, x: [0, 1], y: [1, 2.5] }));
    const text = screen(state, []).map((row) => stripVTControlCharacters(row));
    expect(text[3]).toMatch(/metric 0 名前 wi.*… 2\.5 +1\/30 ↑↓/);
  });

  it('are read where the cursor is', async () => {
    const { state } = await afterAnEpoch();
    state.metrics.cursor = 0;
    const text = screen(state, [])
      .map((row) => stripVTControlCharacters(row))
      .join('\n');
    expect(text).toContain('at step 1');
    expect(text).toMatch(/loss 1\b/);
  });
});
