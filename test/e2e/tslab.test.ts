import { execFile, execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PYTHON, userFolder, writeNotebook, type Output } from './support/lab.js';

const TSLAB = fileURLToPath(new URL('../../node_modules/tslab/bin/tslab', import.meta.url));

const NBCONVERT = ((): boolean => {
  try {
    execFileSync(PYTHON, ['-c', 'import nbconvert, nbclient'], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: the test in plain tslab needs a .venv with nbconvert: npm test makes it.');
    return false;
  }
})();

const CELLS = [
  `import * as tf from '@tensorflow/tfjs';
import { DataLoader, Module, SGD, TensorDataset, Trainer, parameter } from 'strobe';
import { display, metricCurves, panel } from 'strobe/display';`,
  `class Line extends Module {
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
const run = new Trainer({ maxEpochs: 100000, backend: 'cpu', seed: 1, logger: false, logEveryNSteps: 4, enableModelSummary: false, enableCheckpointing: false }).run(new Line(), data);`,
  'display(x);',
  'await run.step(10); display(run);',
  'display(panel(run)); run.play();',
  'await new Promise((resolve) => setTimeout(resolve, 1500)); console.log(run.status, run.position.globalStep > 20);',
  'await run.pause(); display(metricCurves(run));',
];

describe.skipIf(!NBCONVERT)('plain tslab', () => {
  let user: Awaited<ReturnType<typeof userFolder>>;
  beforeAll(async () => {
    user = await userFolder();
    const spec = {
      argv: [process.execPath, TSLAB, 'kernel', '--config-path', '{connection_file}'],
      display_name: 'tslab',
    };
    const folder = join(user.folder, 'share/jupyter/kernels/tslab');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'kernel.json'), JSON.stringify({ ...spec, language: 'typescript' }));
  });
  afterAll(() => user?.remove());

  it('shows tensors, runs and plots, and goes on with a run that plays', async () => {
    await writeNotebook(join(user.folder, 'tslab.ipynb'), CELLS, 'tslab');
    const args = ['-m', 'nbconvert', '--execute', '--to', 'notebook', '--inplace', join(user.folder, 'tslab.ipynb')];
    await promisify(execFile)(PYTHON, args, { env: user.env });
    const notebook = JSON.parse(await readFile(join(user.folder, 'tslab.ipynb'), 'utf8')) as {
      cells: { outputs: Output[] }[];
    };
    const shown = notebook.cells.map(({ outputs }) =>
      outputs.map(({ data, text }) => String(data?.['text/html'] ?? text)),
    );
    expect(shown[2]?.join()).toContain('<b>Tensor</b> · float32 [64, 1]');
    expect(shown[3]?.join()).toContain('<b>Run</b> · paused');
    expect(shown[4]?.join()).toMatch(/● (running|paused)/);
    expect(shown[5]?.join()).toContain('running true');
    expect(shown[6]?.join()).toContain('class="strobe-figure"');
    // The bar was shown in the cell that moved the run first, and followed it.
    expect(shown[3]?.join()).toMatch(/<b>Epoch [1-9]/);
  });
});
