import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JupyterClient } from '../../support/jupyter-client.js';

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
  const { reply } = await kernel.execute(`
    import { DataLoader, Module, SGD, TensorDataset, Trainer, parameter } from 'strobe';
    class Line extends Module {
      w = parameter(tf.zeros([1]));
      trainingStep([x, y]: [any, any]) {
        const loss = tf.losses.meanSquaredError(y, tf.mul(x, this.w.variable)) as any;
        this.log('loss', loss);
        return loss;
      }
      configureOptimizers() { return new SGD(this.parameters(), { lr: 0.01 }); }
    }
    const x = tf.linspace(0, 1, 64).reshape([64, 1]);
    const data = new DataLoader(new TensorDataset(x, x.mul(3)), { batchSize: 4 });
    const options = { maxEpochs: 100_000, backend: 'cpu', seed: 1, logger: false, enableProgressBar: false, enableModelSummary: false, enableCheckpointing: false } as const;
    const run = new Trainer(options).run(new Line(), data);
  `);
  expect(reply.content).toMatchObject({ status: 'ok' });
});
afterAll(() => kernel.stop());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a run that plays', () => {
  it('goes on after its cell, is seen and changed by later cells, and paused by an interrupt', async () => {
    const playing = await kernel.execute(
      `run.on({ hook: 'onTrainEpochEnd', every: 20 }, () => console.log('epoch')); run.play()`,
    );
    expect(playing.reply.content['status']).toBe('ok');
    await kernel.printed(playing.id, 'epoch'); // in the cell that started it
    const steps = async () => Number((await kernel.execute('run.position.globalStep')).result);
    const first = await steps();
    await sleep(100);
    expect(await steps()).toBeGreaterThan(first);

    await kernel.request('control', 'interrupt_request');
    await sleep(200);
    expect((await kernel.execute('run.status')).result).toBe(`'paused'`);
    const stood = await steps();
    await sleep(100);
    expect(await steps()).toBe(stood);

    await kernel.execute('run.trainer.optimizers[0].lr = 0.005; run.play()');
    await sleep(200);
    expect(await steps()).toBeGreaterThan(stood);
    expect((await kernel.execute('await run.pause(); await run.rewind(5); run.status')).result).toBe(`'paused'`);
  });

  it('is paused, not ended, when the cell that waits for it is interrupted', async () => {
    for (const code of ['await run.finish()', 'await run.epoch(100_000)', 'for await (const event of run);']) {
      const id = kernel.start(`console.log('begun'); ${code}`);
      await kernel.printed(id, 'begun');
      await sleep(100);
      await kernel.request('control', 'interrupt_request');
      expect((await kernel.done(id)).reply.content['ename']).toBe('KeyboardInterrupt');
      await sleep(100);
      const { result } = await kernel.execute('[run.status, run.position.globalStep]');
      await sleep(100);
      expect((await kernel.execute('[run.status, run.position.globalStep]')).result).toBe(result);
      expect(result).toMatch(/^\[ 'paused'/);
    }
  });

  it('is seen and changed by subshells between the steps of the cell that waits for it', async () => {
    const { subshell_id: subshell } = await kernel.request('control', 'create_subshell_request');
    const busy = kernel.start(`console.log('begun'); await run.epoch(100_000)`);
    await kernel.printed(busy, 'begun');
    const beside = async (code: string) => (await kernel.done(kernel.start(code, { subshell }))).result;
    const first = Number(await beside('run.position.globalStep'));
    await beside('run.trainer.optimizers[0].lr = 0.002');
    await sleep(100);
    expect(Number(await beside('run.position.globalStep'))).toBeGreaterThan(first);
    expect(await beside('run.trainer.optimizers[0].lr')).toBe('0.002');
    // The front end asks for completions meanwhile.
    const asked = await kernel.request('shell', 'complete_request', { code: 'run.posi', cursor_pos: 8 });
    expect(asked['matches']).toContain('position');
    const status = kernel.of(busy).findLast(({ type }) => type === 'status');
    expect(status?.content['execution_state']).toBe('busy');
    await kernel.request('control', 'interrupt_request');
    expect((await kernel.done(busy)).reply.content['ename']).toBe('KeyboardInterrupt');
    await kernel.request('control', 'delete_subshell_request', { subshell_id: subshell });
    expect((await kernel.execute('run.status')).result).toBe(`'paused'`);
  });

  it('and a fit that is interrupted ends with its end hooks', async () => {
    const id = kernel.start(`
      class Told extends Line {
        onTrainStart() { console.log('begun'); }
        onTrainEnd() { console.log('ended'); }
      }
      const trainer = new Trainer(options);
      await trainer.fit(new Told(), data);
    `);
    await kernel.printed(id, 'begun');
    await kernel.request('control', 'interrupt_request');
    expect((await kernel.done(id)).reply.content['ename']).toBe('KeyboardInterrupt');
    await kernel.printed(id, 'ended');
    expect((await kernel.execute('trainer.status')).result).toBe(`'interrupted'`);
  });

  it('and SIGTERM saves a fit before it ends the kernel', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-sigterm-'));
    const id = kernel.start(`
      const saved = new Trainer({ ...options, enableCheckpointing: true, defaultRootDir: ${JSON.stringify(folder)} });
      await saved.fit(new Told(), data);
    `);
    await kernel.printed(id, 'begun');
    kernel.process.kill('SIGTERM');
    const [, signal] = (await once(kernel.process, 'exit')) as [null, string];
    expect(signal).toBe('SIGTERM');
    expect(await readdir(join(folder, 'checkpoints'))).toContain('interrupted.ckpt');
    await rm(folder, { recursive: true });
  });
});
