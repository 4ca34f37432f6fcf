import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openBrowser } from './support/chromium.js';
import { ARTEFACTS, LAB, OpenNotebook, PYTHON, startLab, userFolder, writeNotebook } from './support/lab.js';
import { contrastOf } from './support/seen.js';

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
  const plotted = ({ page }: OpenNotebook) => page.waitForSelector('.js-plotly-plot .main-svg', { timeout: 60_000 });
  const says = (notebook: OpenNotebook, text: string) =>
    panelOf(notebook).locator('.widget-html', { hasText: text }).first().waitFor({ timeout: 20_000 });

  it('runs all cells, shows what comes of them, and has a panel whose buttons reach the kernel', async () => {
    await withNotebook('all', CELLS, async (notebook) => {
      await notebook.runAll();
      expect((await notebook.executionCounts()).every((count) => count !== null)).toBe(true);
      const outputs = await Promise.all(CELLS.map((_, i) => notebook.outputs(i)));
      expect(outputs.flat().filter(({ output_type }) => output_type === 'error')).toEqual([]);
      expect(types(outputs[3] ?? [])).toContain('application/vnd.jupyter.widget-view+json');
      await plotted(notebook);
      expect(await notebook.page.getByText('javascript error').count()).toBe(0);
      await notebook.screenshot('lab-light');

      await panelOf(notebook).scrollIntoViewIfNeeded();
      await press(notebook, 'Play');
      await says(notebook, 'running');
      await press(notebook, 'Pause');
      await says(notebook, 'paused');
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
    await exported('all');
  });

  /** The page that is made of a notebook, without its server: curves are there, text can be read, nothing sticks out. */
  async function exported(name: string): Promise<void> {
    const args = ['-m', 'nbconvert', '--to', 'html', '--log-level', 'ERROR', join(user.folder, `${name}.ipynb`)];
    execFileSync(PYTHON, args, { env: user.env, stdio: 'ignore' });
    const { context, close } = await openBrowser({ colorScheme: 'light' }, { viewport: { width: 1000, height: 1600 } });
    try {
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(user.folder, `${name}.html`)).href, { waitUntil: 'domcontentloaded' });
      await page.waitForSelector('.js-plotly-plot .main-svg', { timeout: 60_000 });
      expect(await page.evaluate(`[...document.images].every((image) => image.naturalWidth > 0)`)).toBe(true);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1000);
      expect(await contrastOf(page, '.jp-RenderedHTMLCommon')).toBeGreaterThan(7);
      await page.screenshot({ path: join(ARTEFACTS, 'nbconvert.png'), fullPage: true });
    } finally {
      await close();
    }
  }

  it('is legible in the dark, and follows a run that plays on after its cell until it is interrupted', async () => {
    const cells = [...CELLS, 'run.play()', '1 + 1'];
    await withNotebook(
      'dark',
      cells,
      async (notebook) => {
        await notebook.runAll();
        await plotted(notebook);
        const text = async () => JSON.stringify(await notebook.outputs(0));
        const before = await text();
        await vi.waitFor(async () => expect(await text()).not.toBe(before), 20_000);
        await notebook.command('notebook:interrupt-kernel');
        await vi.waitFor(async () => expect(await text()).toContain('paused'), 20_000);
        expect(await contrastOf(notebook.page, '.jp-RenderedHTMLCommon')).toBeGreaterThan(7);
        expect(await contrastOf(notebook.page, '.widget-html')).toBeGreaterThan(7);
        await notebook.screenshot('lab-dark');
        await notebook.page.locator('.jp-Cell').last().scrollIntoViewIfNeeded();
        await notebook.page.waitForTimeout(500);
        await notebook.screenshot('lab-dark-end');
      },
      'dark',
    );
  });

  it('interrupts a cell that does not end, goes on with the next one, and restarts', async () => {
    const cells = ['let n = 0;', "console.log('begun'); while (true) n += 1;", 'n > 0'];
    await withNotebook('interrupt', cells, async (notebook) => {
      await notebook.command('notebook:run-all-cells');
      await vi.waitFor(async () => expect(JSON.stringify(await notebook.outputs(1))).toContain('begun'), 60_000);
      expect(await notebook.kernelStatus()).toBe('busy');
      await notebook.command('notebook:interrupt-kernel');
      await notebook.idle();
      expect((await notebook.outputs(1)).map(({ ename }) => ename)).toContain('KeyboardInterrupt');
      await notebook.page.evaluate('window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2');
      await notebook.command('notebook:run-cell');
      await vi.waitFor(async () => expect(JSON.stringify(await notebook.outputs(2))).toContain('true'), 20_000);

      await notebook.page.evaluate('window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()');
      await notebook.command('notebook:run-cell');
      const gone = async () => expect(JSON.stringify(await notebook.outputs(2))).toContain("Cannot find name 'n'");
      await vi.waitFor(gone, 60_000);
    });
  });
});
