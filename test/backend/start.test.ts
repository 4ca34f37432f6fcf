import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs a program in a process of its own, where no backend was touched yet. */
async function program(source: string, flags: string[] = []): Promise<{ stdout: string; stderr: string }> {
  const args = [...flags, '--import', 'tsx', '--input-type=module', '--eval', source];
  // Whether this machine has built the native engine is not what these are about.
  const env = { ...process.env, STROBE_CACHE: join(tmpdir(), 'strobe-nothing-built') };
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env });
  return { stdout: stdout.trim(), stderr: stderr.trim() };
}

const imports = `
  import * as tf from '@tensorflow/tfjs-core';
  import { useBackend } from './src/backend/index.ts';
`;

describe('in a fresh process', { timeout: 30_000 }, () => {
  it('tensors can be made before, while and after an engine starts, and nothing is printed', async () => {
    const { stdout, stderr } = await program(`${imports}
      const starting = useBackend('auto');
      const values = [];
      let waiting = true;
      const tick = () => { values.push(tf.tidy(() => tf.add(1, 2).dataSync()[0])); if (waiting) setImmediate(tick); };
      setImmediate(tick);
      const { name } = await starting;
      waiting = false;
      tick();
      console.log(JSON.stringify({ name, values: [...new Set(values)] }));
    `);
    expect(JSON.parse(stdout)).toEqual({ name: 'onnx', values: [3] });
    expect(stderr).toBe('');
  });

  it("the cpu engine does not print tfjs's advice to install another package", async () => {
    const { stdout, stderr } = await program(`${imports}
      await useBackend('cpu');
      tf.tidy(() => tf.add(1, 2).dataSync());
    `);
    expect(stdout + stderr).toBe('');
  });

  it('a rejection that the program handles late does not end it once wasm has started', async () => {
    const { stdout } = await program(`${imports}
      process.on('unhandledRejection', () => console.log('handled'));
      await useBackend('wasm');
      Promise.reject(new Error('late'));
      setTimeout(() => console.log('alive'), 20);
    `);
    expect(stdout).toBe('handled\nalive');
  });

  it('auto passes over an engine that cannot work, and says why; asked for by name it is an error', async () => {
    const { stdout } = await program(
      `${imports}
      // As on a machine that ONNX Runtime brings no library for.
      Object.defineProperty(process, 'arch', { value: 'mips' });
      const { name, skipped } = await useBackend('auto');
      const error = await useBackend('wasm').catch((error) => error);
      console.log(JSON.stringify({ name, skipped, error: error.name, now: tf.getBackend() }));
    `,
      ['--jitless'],
    );
    expect(JSON.parse(stdout)).toEqual({
      name: 'cpu',
      skipped: [
        { name: 'gpu', why: expect.any(String) },
        {
          name: 'onnx',
          why: expect.stringMatching(/^onnxruntime-node's native library cannot be loaded on \w+\/mips: .+$/),
        },
        { name: 'native', why: 'it has not been built: strobe native build' },
        { name: 'wasm', why: 'this JavaScript runtime has no WebAssembly' },
      ],
      error: 'ConfigurationError',
      now: 'cpu',
    });
  });

  // As the system does where a library that it links against is older.
  const broken = `
    const load = process.dlopen;
    process.dlopen = (module, file, ...rest) => {
      if (file.includes('onnxruntime')) throw new Error("libc.so.6: version 'GLIBC_2.34' not found");
      load(module, file, ...rest);
    };
  `;

  it('a library that cannot be loaded costs a line, once, and the next engine trains', async () => {
    const { stdout, stderr } = await program(`${imports}
      import { Module, SGD, Trainer } from './src/index.ts';
      ${broken}
      class Line extends Module {
        w = tf.variable(tf.scalar(1));
        trainingStep(batch) { return tf.mean(tf.mul(batch, this.w)); }
        configureOptimizers() { return new SGD(this.parameters(), { lr: 0.1 }); }
      }
      const fit = () => new Trainer({ maxEpochs: 1, logger: false, enableCheckpointing: false, enableProgressBar: false,
        enableModelSummary: false }).fit(new Line(), [tf.ones([2])]);
      const { outcome } = await fit();
      await fit();
      console.log(outcome, tf.getBackend());
    `);
    expect(stdout).toBe('completed wasm');
    expect(stderr).toMatch(
      /^\[strobe\] The engine onnx does not work here, wasm is used: onnxruntime-node's native library cannot be loaded on .+'GLIBC_2\.34' not found\. strobe doctor says more\.$/,
    );
  });

  it('asked for by name, such a library is an error that says what to do, also in a program without a trainer', async () => {
    const { stdout, stderr } = await program(`${imports}
      import { registerOnnxBackend } from './src/backend/onnx/index.ts';
      ${broken}
      const asked = await useBackend('onnx').catch((error) => error);
      let registered = null;
      try { registerOnnxBackend(); } catch (error) { registered = error; }
      console.log(JSON.stringify([asked, registered].map((error) => String(error))));
    `);
    const [asked, registered] = JSON.parse(stdout) as [string, string];
    expect(asked).toMatch(/ConfigurationError: The engine 'onnx' does not work here[^]+GLIBC_2\.34[^]+backend: 'auto'/);
    expect(registered).toMatch(/StrobeError: The onnx engine cannot be loaded[^]+GLIBC_2\.34[^]+backend: 'wasm'/);
    expect(stderr).toBe('');
  });
});
