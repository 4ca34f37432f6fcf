import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isOutOfMemory, listEngines, useBackend } from '../../src/backend/index.js';
import { nativePaths } from '../../src/backend/native/paths.js';
import { borrowFromCpu } from '../../src/backend/wasm/delegate.js';
import { retain } from '../../src/tensors/share.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a program in a process of its own; what it prints, both streams together, must be JSON. */
async function program(source: string, argument = ''): Promise<unknown> {
  const imports = `
    import * as tf from '@tensorflow/tfjs';
    import { Adam, DataLoader, Module, TensorDataset, Trainer, seedEverything, useBackend } from 'strobe';
    const shared = () => process.report.getReport().sharedObjects.filter((file) => file.includes('libtensorflow'));
  `;
  const flags = ['--conditions', 'strobe-source', '--import', 'tsx', '--input-type=module'];
  const { stdout, stderr } = await run(process.execPath, [...flags, '--eval', imports + source, argument], {
    cwd: root,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const NET = `
  class Net extends Module {
    net = tf.sequential({ layers: [
      tf.layers.dense({ units: 8, inputShape: [4], activation: 'relu' }),
      tf.layers.dropout({ rate: 0.3 }),
      tf.layers.dense({ units: 1 }),
    ] });
    forward(x) { return this.net.apply(x, { training: this.training }); }
    trainingStep([x, y]) { return tf.losses.meanSquaredError(y, this.forward(x)); }
    configureOptimizers() { return new Adam(this.parameters(), { lr: 0.01 }); }
  }
  seedEverything(3);
  const x = tf.randomNormal([64, 4], 0, 1, 'float32', 7);
  const data = () => new DataLoader(new TensorDataset(x, x.sum(1, true)), { batchSize: 8, shuffle: true });
  const trainer = (backend) => new Trainer({
    maxEpochs: 3, seed: 1, backend, logger: false,
    enableCheckpointing: false, enableProgressBar: false, enableModelSummary: false,
  });
  const bits = (model) => model.parameters().map((p) => [...p.variable.dataSync()]);
`;

beforeAll(() => useBackend('native'));

describe('in a process of its own', () => {
  it('TensorFlow is loaded when it is asked for; its greeting goes to the log', async () => {
    const { log } = nativePaths();
    const before = readFileSync(log, 'utf8').length;
    expect(
      await program(`
      const { name, threads } = await useBackend('native');
      const sum = tf.tidy(() => tf.add([1], [2]).dataSync()[0]);
      console.log(JSON.stringify({ name, sum, threads: threads > 0, libraries: shared().length > 0 }));
    `),
    ).toEqual({ name: 'native', sum: 3, threads: true, libraries: true });
    expect(readFileSync(log, 'utf8').slice(before)).toMatch(/oneDNN|cpu_feature_guard|absl/);
  });

  it('nothing of it is loaded by other engines, nor by the choice among them', async () => {
    expect(
      await program(`
      const { name } = await useBackend('auto');
      await useBackend('cpu');
      console.log(JSON.stringify({ name, libraries: shared() }));
    `),
    ).toEqual({ name: 'onnx', libraries: [] });
  });

  it('a run goes on with the same bits as one that was not interrupted, and near to those of cpu', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'strobe-native-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const ckpt = join(folder, 'half.ckpt');
    const whole = (await program(
      `${NET}
      const model = new Net();
      const run = trainer('native').run(model, data());
      await run.step(11);
      await run.save(process.argv[1]);
      await run.finish();
      console.log(JSON.stringify(bits(model)));
    `,
      ckpt,
    )) as number[][];
    const resumed = await program(
      `${NET}
      const model = new Net();
      await trainer('native').fit(model, data(), { ckptPath: process.argv[1] });
      console.log(JSON.stringify(bits(model)));
    `,
      ckpt,
    );
    expect(resumed).toEqual(whole);
    const onCpu = (await program(`${NET}
      const model = new Net();
      await trainer('cpu').fit(model, data());
      console.log(JSON.stringify(bits(model)));
    `)) as number[][];
    whole.flat().forEach((value, i) => expect(Math.abs(value - onCpu.flat()[i]!)).toBeLessThan(1e-5));
  });
});

describe('in this process', () => {
  it('is active, and has been told from the one on CUDA', async () => {
    const engines = await listEngines();
    expect(engines.filter(({ active }) => active).map(({ name }) => name)).toEqual(['native']);
  });

  it('tensors of another engine move when a kernel reads them itself', async () => {
    await useBackend('wasm');
    const [table, indices] = [tf.tensor2d([[1], [2], [3]]), tf.tensor1d([2, 0], 'int32')];
    await useBackend('native');
    expect(tf.tidy(() => [...tf.gather(table, indices).dataSync()])).toEqual([3, 1]);
    tf.dispose([table, indices]);
  });

  it('a snapshot is a second handle: no values are copied, and they stay when the variable goes on', () => {
    const values = Float32Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
    const variable = tf.variable(tf.tidy(() => tf.mul(tf.tensor1d(values), 3)));
    const before = Buffer.from(variable.dataSync().slice().buffer);
    const { numDataBuffers } = tf.memory();
    const { rss } = process.memoryUsage();
    const snapshots = Array.from({ length: 50 }, () => retain(variable));
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
    // 200 MB, were they copied.
    expect(process.memoryUsage().rss - rss).toBeLessThan(50e6);
    tf.tidy(() => variable.assign(tf.add(variable, 1)));
    expect(before.equals(Buffer.from(snapshots[0]!.dataSync().slice().buffer))).toBe(true);
    variable.assign(snapshots[0]!);
    expect(variable.dataId).toBe(snapshots[0]!.dataId);
    tf.dispose([...snapshots, variable]);
  });

  it('memory of the machine is given back: of operations, of what is written and of what is read', () => {
    const cycle = () =>
      tf.tidy(() => {
        const a = tf.tensor1d(new Float32Array(1_000_000).fill(1));
        tf.sub(tf.mul(a, 2), 1).dataSync();
      });
    for (let i = 0; i < 20; i++) cycle();
    const before = process.memoryUsage().rss;
    // 2.4 GB, were it kept.
    for (let i = 0; i < 200; i++) cycle();
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  it('memory that runs out is recognised, and the engine works on', () => {
    const before = tf.memory().numTensors;
    let error: unknown;
    try {
      tf.tidy(() => tf.tile(tf.ones([1, 1000]), [1_000_000_000, 1]));
    } catch (thrown) {
      error = thrown;
    }
    expect(isOutOfMemory(error)).toBe(true);
    expect(String(error)).toMatch(/operation Tile failed[^]*out of memory[^]*smaller batch/);
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
    expect(isOutOfMemory(errorOf(() => tf.engine().runKernel('AddV2', {})))).toBe(false);
  });

  it('samples follow their seed, as on every other engine', () => {
    const logits = tf.tensor2d([[0.1, 0.5, 0.2, 0.9]]);
    const draw = () => tf.tidy(() => [...tf.multinomial(logits, 50, 0.25).dataSync()]);
    const kernel = borrowFromCpu('Multinomial');
    expect(draw()).toEqual(draw());
    expect(tf.getKernel('Multinomial', 'tensorflow').kernelFunc.toString()).toBe(kernel.toString());
    logits.dispose();
  });
});

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
