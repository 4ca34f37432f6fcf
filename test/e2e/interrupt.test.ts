import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(root, 'test/e2e/.cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const PROGRAM = `
import * as tf from '@tensorflow/tfjs';
import { Module, parameter, SGD, Trainer } from 'strobe';
class Slow extends Module {
  readonly w = parameter(tf.scalar(1));
  trainingStep(batch: tf.Tensor): tf.Scalar {
    return tf.mean(tf.mul(batch, this.w.variable)) as tf.Scalar;
  }
  async onTrainBatchEnd() {
    const stuck = process.env['STUCK'] !== undefined;
    if (stuck || this.globalStep === 3) console.log('training');
    await new Promise((resolve) => setTimeout(resolve, stuck ? 60_000 : 20));
  }
  onTrainEnd() { console.log('onTrainEnd'); }
  configureOptimizers() { return new SGD(this.parameters(), { lr: 0.001 }); }
}
const batches = Array.from({ length: 400 }, () => tf.ones([2]));
const trainer = new Trainer({ maxEpochs: 1, backend: 'cpu', seed: 1, logger: false, enableProgressBar: false, enableModelSummary: false, defaultRootDir: import.meta.dirname });
const ckptPath = process.argv[2];
const { outcome, reason, steps } = await trainer.fit(new Slow(), batches, ckptPath ? { ckptPath } : {});
console.log(JSON.stringify({ outcome, reason, steps }));
`;

/** Starts the program, and sends it SIGINT as soon as it trains. */
async function interrupted(path: string, env: Record<string, string>, signals: number) {
  const child = spawn(process.execPath, ['--import', 'tsx', path], { cwd: folder, env: { ...process.env, ...env } });
  let output = '';
  let sent = 0;
  const send = () => {
    child.kill('SIGINT');
    if (++sent < signals) setTimeout(send, 300);
  };
  const listen = (chunk: Buffer) => {
    output += chunk.toString();
    if (sent === 0 && output.includes('training')) send();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...how) => resolve(how));
  });
  return { output, code, signal };
}

describe('Ctrl-C', () => {
  it('once: the fit ends with its end hooks, an outcome, and a checkpoint that goes on from there', async () => {
    const path = join(folder, 'slow.ts');
    await writeFile(path, PROGRAM);
    const { output, code } = await interrupted(path, {}, 1);
    expect(code).toBe(0);
    expect(output).toMatch(/Interrupted: stopping at the next hook/);
    expect(output).toMatch(/onTrainEnd\n/);
    expect(output).toMatch(/"outcome":"interrupted"/);
    const saved = /go on with ckptPath: "(.+interrupted\.ckpt)"/.exec(output)?.[1] as string;
    expect(await readdir(join(saved, '..'))).toContain('interrupted.ckpt');
  });

  it('twice: the process ends at once, though a hook has not come back', async () => {
    const path = join(folder, 'stuck.ts');
    await writeFile(path, PROGRAM);
    const { signal } = await interrupted(path, { STUCK: '1' }, 2);
    expect(signal).toBe('SIGINT');
  });
});
