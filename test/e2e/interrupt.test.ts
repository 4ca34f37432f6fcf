import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const bin = join(root, 'dist/src/cli/main.js');
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

/** `strobe train` trains this. */
const EXPERIMENT = PROGRAM.replace(
  /const ckptPath[^]+/,
  'export default { trainer, model: new Slow(), data: batches };',
);

interface Given {
  signal?: NodeJS.Signals;
  times?: number;
  env?: Record<string, string>;
}

/** Starts a program, and sends it a signal as soon as it trains. */
async function signalled(args: string[], { signal = 'SIGINT', times = 1, env = {} }: Given) {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env } });
  let output = '';
  let stdout = '';
  let sent = 0;
  const send = () => {
    child.kill(signal);
    if (++sent < times) setTimeout(send, 300);
  };
  const listen = (chunk: Buffer) => {
    output += chunk.toString();
    if (sent === 0 && output.includes('training')) send();
  };
  child.stdout.on('data', listen);
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', listen);
  const [code, endedBy] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...how) => resolve(how));
  });
  return { output, stdout, code, endedBy };
}

async function written(name: string, source: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

const program = async (source = PROGRAM) => ['--import', 'tsx', await written('program.ts', source)];
const train = async (...flags: string[]) => [bin, 'train', await written('experiment.ts', EXPERIMENT), ...flags];

/** What the output says to go on from; it is there. */
async function savedBy(output: string): Promise<string> {
  const saved = /go on with ckptPath: "(.+interrupted\.ckpt)"/.exec(output)?.[1] as string;
  expect(await readdir(join(saved, '..'))).toContain('interrupted.ckpt');
  return saved;
}

describe('Ctrl-C', () => {
  it('once: the fit ends with its end hooks, an outcome, and a checkpoint that goes on from there', async () => {
    const { output, code } = await signalled(await program(), {});
    expect(code).toBe(0);
    expect(output).toMatch(/Interrupted: stopping at the next hook/);
    expect(output).toMatch(/onTrainEnd\n/);
    expect(output).toMatch(/"outcome":"interrupted"/);
    await savedBy(output);
  });

  it('twice: the process ends at once, though a hook has not come back', async () => {
    const { endedBy } = await signalled(await program(), { times: 2, env: { STUCK: '1' } });
    expect(endedBy).toBe('SIGINT');
  });

  it('stops every fit that is under way', async () => {
    const source = PROGRAM.replace('const trainer =', 'const trainerOf = () =>').replace(
      /const ckptPath[^]+/,
      `const fits = [1, 2].map(() => trainerOf().fit(new Slow(), batches));
       console.log((await Promise.all(fits)).map(({ outcome }) => outcome).join(' and '));`,
    );
    const { output } = await signalled(await program(source), {});
    expect(output).toContain('interrupted and interrupted');
  });
});

describe.each(['SIGTERM', 'SIGHUP'] as const)('%s', (signal) => {
  it('once: the fit is saved and ends with its end hooks, and the process ends as it would have', async () => {
    const { output, endedBy } = await signalled(await program(), { signal });
    expect(endedBy).toBe(signal);
    expect(output).toContain(`${signal}: stopping at the next hook`);
    expect(output).toMatch(/onTrainEnd\n/);
    expect(output).not.toContain('"outcome"');
    await savedBy(output);
  });

  it('is left to a program that listens for it, before the fit or since', async () => {
    const listener = `process.on('${signal}', () => { console.log('mine'); process.exit(3); });\n`;
    for (const source of [
      PROGRAM.replace('const ckptPath', `${listener}const ckptPath`),
      PROGRAM.replace("console.log('training');", `{ ${listener} console.log('training'); }`),
    ]) {
      const { output, code } = await signalled(await program(source), { signal });
      expect(code).toBe(3);
      expect(output).toMatch(/mine\n/);
      expect(output).not.toContain('stopping');
    }
  });
});

describe('strobe train', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('on %s ends the fit and says how to go on, with status %i', async (signal, status) => {
    const { output, code, endedBy } = await signalled(await train(), { signal });
    // A shell gives 128 and its number for a process that a signal has ended.
    expect(code ?? 128 + constants.signals[endedBy as 'SIGHUP']).toBe(status);
    expect(output).toMatch(/onTrainEnd\n/);
    expect(output).toMatch(/^interrupted \(interrupted by .*SIG.+\) after 0 epochs, \d+ steps/m);
    const { stdout } = await signalled(await train('--ckpt', await savedBy(output), '--json'), { signal });
    const first = JSON.parse(/{"event":"onTrainBatchStart".+/.exec(stdout)?.[0] ?? '') as { globalStep: number };
    expect(first.globalStep).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('as JSON, on %s ends with the outcome and the checkpoint, and status %i', async (signal, status) => {
    const { output, stdout, code } = await signalled(await train('--json'), { signal });
    expect(code).toBe(status);
    const ckptPath = await savedBy(output);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      event: 'end',
      outcome: 'interrupted',
      ckptPath,
    });
    expect(stdout).toMatch(/onTrainEnd\n/);
  });

  it.each([['--json'], []])('ends at once on a second signal, though a hook has not come back', async (...flags) => {
    const stuck = { signal: 'SIGTERM', times: 2, env: { STUCK: '1' } } as const;
    expect(await signalled(await train(...flags), stuck)).toMatchObject({ endedBy: 'SIGTERM' });
  });

  it('ends though the file has left a timer', async () => {
    const file = await written('timer.ts', `${EXPERIMENT}\nsetInterval(() => undefined, 1000);`);
    expect(await signalled([bin, 'train', file], { signal: 'SIGTERM' })).toMatchObject({ code: 143 });
  });
});
