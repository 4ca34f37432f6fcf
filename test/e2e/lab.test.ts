import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LAB, OpenNotebook, startLab, userFolder, writeNotebook } from './support/lab.js';

const MODEL = `
import * as tf from '@tensorflow/tfjs';
import { DataLoader, Module, SGD, TensorDataset, Trainer, parameter } from 'strobe';
import { confusionMatrix, metricCurves, panel } from 'strobe/display';
class Line extends Module {
  readonly w = parameter(tf.zeros([1]));
  trainingStep([x, y]: [tf.Tensor, tf.Tensor]) {
    const loss = tf.losses.meanSquaredError(y, tf.mul(x, this.w.variable)) as tf.Scalar;
    this.log('loss', loss, { progBar: true });
    return loss;
  }
  configureOptimizers() { return new SGD(this.parameters(), { lr: 0.01 }); }
}
const x = tf.linspace(0, 1, 64).reshape([64, 1]);
const data = new DataLoader(new TensorDataset(x, x.mul(3)), { batchSize: 4 });
const options = { maxEpochs: 100_000, backend: 'cpu', seed: 1, logger: false, logEveryNSteps: 4, enableModelSummary: false, enableCheckpointing: false } as const;
const run = new Trainer(options).run(new Line(), data);
await run.step(40);`;

const CELLS = [
  MODEL,
  'x.slice(0, 4)',
  'run',
  'panel(run)',
  'display(metricCurves(run))',
  `display(confusionMatrix({ targets: [0, 1, 2, 1], predictions: [0, 1, 2, 2] }, { classes: ['cat', 'dog', 'aeroplane'] }))`,
  'tf.randomUniform([12, 28, 28, 1])',
];

describe.skipIf(!LAB)('JupyterLab', () => {
  let user: Awaited<ReturnType<typeof userFolder>>;
  let lab: Awaited<ReturnType<typeof startLab>>;
  beforeAll(async () => {
    user = await userFolder();
    lab = await startLab(user.folder, user.env);
  });
  afterAll(async () => {
    await lab?.stop();
    await user?.remove();
  });

  async function withNotebook(
    name: string,
    cells: string[],
    see: (notebook: OpenNotebook) => Promise<void>,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<void> {
    await writeNotebook(join(user.folder, `${name}.ipynb`), cells);
    const notebook = await OpenNotebook.open(lab.url, `${name}.ipynb`, { colorScheme });
    try {
      await see(notebook);
    } catch (error) {
      await notebook.screenshot(`${name}-failed`);
      throw error;
    } finally {
      await notebook.close();
    }
  }

  const types = (outputs: { data?: Record<string, unknown> }[]) =>
    outputs.flatMap(({ data }) => (data ? Object.keys(data) : []));
  const panelOf = ({ page }: OpenNotebook) => page.locator('.jp-OutputArea-output .widget-vbox').first();
  const press = (notebook: OpenNotebook, name: string) =>
    panelOf(notebook).locator('button', { hasText: name }).click();
  const says = (notebook: OpenNotebook, text: string) =>
    panelOf(notebook).locator('.widget-html', { hasText: text }).first().waitFor({ timeout: 20_000 });

  it.each(['light', 'dark'] as const)('runs all cells and shows what comes of them (%s)', async (theme) => {
    await withNotebook(
      `all-${theme}`,
      CELLS,
      async (notebook) => {
        await notebook.runAll();
        expect((await notebook.executionCounts()).every((count) => count !== null)).toBe(true);
        const outputs = await Promise.all(CELLS.map((_, i) => notebook.outputs(i)));
        expect(outputs.flat().filter(({ output_type }) => output_type === 'error')).toEqual([]);
        expect(types(outputs[3] ?? [])).toContain('application/vnd.jupyter.widget-view+json');
        await notebook.page.waitForSelector('.js-plotly-plot .main-svg', { timeout: 60_000 });
        await says(notebook, 'paused');
        await notebook.screenshot(`lab-${theme}`);
        const [last] = await notebook.page.locator('.jp-OutputArea-output').all();
        expect(last).toBeDefined();
        await notebook.page.locator('.jp-Cell').last().scrollIntoViewIfNeeded();
        await notebook.page.waitForTimeout(500);
        await notebook.screenshot(`lab-${theme}-end`);
      },
      theme,
    );
  });

  it('has a panel whose buttons reach the kernel, and that says what came of them', async () => {
    await withNotebook('panel', [MODEL, 'panel(run)', 'run.position.globalStep'], async (notebook) => {
      await notebook.runAll();
      await press(notebook, 'Play');
      await says(notebook, 'running');
      await press(notebook, 'Pause');
      await says(notebook, 'paused');
      await press(notebook, 'Next hook');
      await press(notebook, 'Rewind');
      await notebook.screenshot('lab-panel');

      // The page forgets, the kernel does not.
      await notebook.command('docmanager:save');
      await notebook.page.waitForTimeout(1000);
      await notebook.reload();
      await panelOf(notebook).waitFor({ timeout: 60_000 });
      await press(notebook, 'Play');
      await says(notebook, 'running');
      await press(notebook, 'Pause');
      await says(notebook, 'paused');
    });
  });

  it('interrupts a cell that does not end, and goes on with the next one', async () => {
    await withNotebook(
      'interrupt',
      ['let n = 0;', "console.log('begun'); while (true) n += 1;", 'n > 0'],
      async (notebook) => {
        await notebook.command('notebook:run-all-cells');
        await vi.waitFor(async () => expect(JSON.stringify(await notebook.outputs(1))).toContain('begun'), 60_000);
        expect(await notebook.kernelStatus()).toBe('busy');
        await notebook.command('notebook:interrupt-kernel');
        await notebook.idle();
        expect((await notebook.outputs(1)).map(({ ename }) => ename)).toContain('KeyboardInterrupt');
        await notebook.page.evaluate('window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2');
        await notebook.command('notebook:run-cell');
        await vi.waitFor(async () => expect(JSON.stringify(await notebook.outputs(2))).toContain('true'), 20_000);
      },
    );
  });

  it('restarts the kernel: what was there is gone, and cells run again', async () => {
    await withNotebook('restart', ['const a: number = (globalThis as { a?: number }).a ?? 1; a'], async (notebook) => {
      await notebook.runAll();
      expect(await notebook.executionCounts()).toEqual([1]);
      await notebook.page.evaluate('window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()');
      await notebook.runAll();
      expect(await notebook.executionCounts()).toEqual([1]);
      expect(JSON.stringify(await notebook.outputs(0))).toContain('1');
    });
  });

  it('follows a run that plays on after its cell', async () => {
    await withNotebook('playing', [MODEL, 'run.play()', '1 + 1'], async (notebook) => {
      await notebook.runAll();
      const text = async () => JSON.stringify(await notebook.outputs(0));
      const before = await text();
      await vi.waitFor(async () => expect(await text()).not.toBe(before), 20_000);
      await notebook.command('notebook:interrupt-kernel');
      await vi.waitFor(async () => expect(await text()).toContain('paused'), 20_000);
      await notebook.screenshot('lab-playing');
    });
  });
});
