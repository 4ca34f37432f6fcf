import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { has, installedKernel, PYTHON, run } from '../support/jupyter.js';

const SYSTEM_PYTHON = '/usr/bin/python3';
const hasConformance = has(SYSTEM_PYTHON, 'jupyter_kernel_test', 'apt-get install python3-jupyter-kernel-test');
const hasNbclient = has(PYTHON, 'nbclient, nbformat', 'npm test sets up .venv, where pip finds nbclient');
const hasConsole = has(PYTHON, 'jupyter_console, pexpect', 'npm test sets up .venv, where pip finds jupyter_console');

const script = (name: string) => join(import.meta.dirname, name);
let jupyter: Awaited<ReturnType<typeof installedKernel>>;
beforeAll(async () => {
  jupyter = await installedKernel();
});
afterAll(() => jupyter.remove());

interface Output {
  output_type: string;
  text?: string;
  ename?: string;
  data?: Record<string, string>;
}

async function notebook(
  cells: { code: string; tags?: string[] }[],
): Promise<{ failed: string | null; outputs: Output[][] }> {
  const input = JSON.stringify(cells);
  const { stdout, stderr, code } = await run(PYTHON, [script('run_notebook.py')], { env: jupyter.env, input });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as { failed: string | null; outputs: Output[][] };
}

it.runIf(hasConformance)("passes Jupyter's own tests of kernels", async () => {
  const { stderr, code } = await run(SYSTEM_PYTHON, [script('conformance.py'), '-v'], jupyter);
  expect(stderr).toMatch(/Ran 12 tests[^]*OK \(skipped=1\)/); // the pager, which is IPython's own
  expect(code).toBe(0);
});

describe.runIf(hasNbclient)('nbclient', () => {
  it('gets every output of a notebook where it belongs, updates too, and goes on after an expected error', async () => {
    const { failed, outputs } = await notebook([
      { code: '1 + 1' },
      { code: `display('before', { id: 'place' }); for (let i = 0; i < 3; i++) console.log(i)` },
      { code: `display('after', { id: 'place' })` },
      { code: `throw new RangeError('expected')`, tags: ['raises-exception'] },
      {
        code: `setTimeout(() => console.log('background'), 50); await new Promise((resolve) => setTimeout(resolve, 200)); 'last'`,
      },
    ]);
    expect(failed).toBeNull();
    const [sum, shown, update, error, last] = outputs;
    expect(sum).toMatchObject([{ output_type: 'execute_result', data: { 'text/plain': '2' } }]);
    expect(shown).toMatchObject([
      { output_type: 'display_data', data: { 'text/plain': 'after' } },
      { output_type: 'stream', text: '0\n1\n2\n' },
    ]);
    expect(update).toEqual([]);
    expect(error).toMatchObject([{ output_type: 'error', ename: 'RangeError' }]);
    expect(last).toMatchObject([{ text: 'background\n' }, { data: { 'text/plain': `'last'` } }]);
  });

  it('stops at an error that nobody expected', async () => {
    const { failed, outputs } = await notebook([{ code: `throw new RangeError('no')` }, { code: '1' }]);
    expect(failed).toBe('RangeError');
    expect(outputs[1]).toEqual([]);
  });

  it('sees a run that plays go on updating its cell', async () => {
    const { failed, outputs } = await notebook([
      {
        code: `
          import { Module, SGD, Trainer, parameter } from 'strobe';
          class Line extends Module {
            w = parameter(tf.zeros([1]));
            trainingStep(x: any) { return tf.mean(tf.mul(x, this.w.variable)) as any; }
            configureOptimizers() { return new SGD(this.parameters(), { lr: 0.01 }); }
          }
          const batches = Array.from({ length: 64 }, () => tf.ones([1]));
          const run = new Trainer({ maxEpochs: 3, backend: 'cpu', logger: false, enableProgressBar: false, enableModelSummary: false, enableCheckpointing: false }).run(new Line(), batches);
          display('not begun', { id: 'epochs' });
          run.on({ hook: 'onTrainEpochEnd' }, ({ position }: any) => display('epoch ' + position.epoch, { id: 'epochs' }));
          run.play();
        `,
      },
      { code: `while (run.status === 'running') await new Promise((resolve) => setTimeout(resolve, 20)); run.status` },
    ]);
    expect(failed).toBeNull();
    expect(outputs[0]).toMatchObject([{ output_type: 'display_data', data: { 'text/plain': 'epoch 2' } }]);
    expect(outputs[1]?.at(-1)).toMatchObject({ data: { 'text/plain': `'completed'` } });
  });
});

it.runIf(hasConsole)('works in jupyter console: results, type errors, input() and Ctrl-C', async () => {
  const { stdout, stderr, code } = await run(PYTHON, [script('console_session.py')], jupyter);
  if (code !== 0) throw new Error(`${stdout}\n${stderr.slice(-2000)}`);
  expect(stdout).toMatch(/Out\[2\]:.*42/);
});
