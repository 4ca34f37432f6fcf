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
});
