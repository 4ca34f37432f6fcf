import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis } from '../../src/cli/doctor.js';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url).pathname;
const bin = join(root, 'dist/src/cli/main.js');
let folder: string;
beforeAll(async () => {
  // Inside the project, so that the files find the package as an installed one would be found.
  folder = await mkdtemp(join(root, 'test/e2e/.cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const EXPERIMENT = `
import * as tf from '@tensorflow/tfjs';
import { Module, parameter, SGD, Trainer } from 'strobe';
class Line extends Module {
  readonly w = parameter(tf.scalar(1));
  trainingStep(batch: tf.Tensor): tf.Scalar {
    const loss = tf.mean(tf.mul(batch, this.w.variable)) as tf.Scalar;
    this.log('loss', loss, { onStep: false, onEpoch: true });
    return loss;
  }
  configureOptimizers() { return new SGD(this.parameters(), { lr: 0.1 }); }
}
export default ({ batches = 2 }: { batches?: number }) => ({
  model: new Line(),
  data: Array.from({ length: batches }, () => tf.ones([2])),
  trainer: new Trainer({ maxEpochs: 2, defaultRootDir: \`\${import.meta.dirname}\`, seed: 1 }),
});
`;

async function experiment(name = 'line.ts', source = EXPERIMENT): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, source);
  return path;
}

const strobe = (...args: string[]) => run(process.execPath, [bin, ...args], { cwd: folder });

/** What a command prints that is refused; it must not be a stack trace. */
async function refusal(...args: string[]): Promise<string> {
  const error = await strobe(...args).then(
    () => undefined,
    (failure: { code: number; stderr: string }) => failure,
  );
  expect(error?.code).toBe(1);
  expect(error?.stderr).toMatch(/expected: .+\n {2}received: [^]+\n {2}to do: {4}/);
  expect(error?.stderr).not.toMatch(/\n\s+at /);
  return error?.stderr ?? '';
}

describe('strobe train', () => {
  it('trains a TypeScript file in a project whose package.json says nothing of modules', async () => {
    const project = join(folder, 'plain');
    await mkdir(join(project, 'node_modules'), { recursive: true });
    await symlink(root, join(project, 'node_modules/strobe'));
    await writeFile(join(project, 'package.json'), '{}');
    const { stdout } = await strobe('train', await experiment('plain/line.ts'));
    expect(stdout).toContain('completed (maxEpochs=2 reached) after 2 epochs, 4 steps');
  });

  it('trains a TypeScript file, with settings, and says how it ended and where the best checkpoint is', async () => {
    const { stdout } = await strobe('train', await experiment(), '--set', 'batches=3', '--max-epochs', '1');
    expect(stdout).toContain('completed (maxEpochs=1 reached) after 1 epochs, 3 steps: loss');
    expect(stdout).toMatch(/Best checkpoint: .+epoch=0-step=3\.ckpt/);
  });

  it('goes on from a checkpoint', async () => {
    const file = await experiment();
    const { stdout } = await strobe('train', file, '--max-epochs', '1');
    const path = /Best checkpoint: (.+)/.exec(stdout)?.[1] ?? '';
    const resumed = await strobe('train', file, '--max-epochs', '3', '--ckpt', path);
    expect(resumed.stdout).toContain('after 3 epochs, 6 steps');
  });

  it('prints one JSON object for each event', async () => {
    const { stdout } = await strobe('train', await experiment(), '--json', '--max-epochs', '1');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; globalStep?: number; loss?: number });
    expect(
      events
        .filter(({ event }) => event === 'onTrainBatchEnd')
        .map(({ globalStep, loss }) => [globalStep, loss?.toFixed(2)]),
    ).toEqual([
      [1, '1.00'],
      [2, '0.90'],
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'end', outcome: 'completed', steps: 2 });
  });

  it('ends the JSON with what it failed with, and names the line of the file', async () => {
    const source = EXPERIMENT.replace(
      'const loss =',
      "if (this.globalStep === 1) throw new Error('no good');\n    const loss =",
    );
    const failure = await strobe('train', await experiment('fails.ts', source), '--json').catch(
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    expect(failure).toMatchObject({ code: 1 });
    expect(JSON.parse(failure.stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      event: 'error',
      name: 'Error',
      message: 'no good',
    });
    expect(failure.stderr).toMatch(/no good\n.*fails\.ts:7:\d+/);
  });

  it('ends the JSON with what is wrong with a file that is none', async () => {
    const failure = await strobe('train', 'nowhere.ts', '--json').catch(
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    expect(failure).toMatchObject({ code: 1 });
    expect(JSON.parse(failure.stdout)).toMatchObject({
      event: 'error',
      message: expect.stringContaining('nowhere.ts') as string,
    });
  });

  it('ends quietly when nobody reads the events any more', async () => {
    const command = `set -o pipefail; ${process.execPath} ${bin} train ${await experiment()} --json --max-epochs 500 | head -2`;
    const { stdout, stderr } = await run('bash', ['-c', command], { cwd: folder });
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).not.toContain('EPIPE');
  });

  it('ends the run as Ctrl-C does when nobody reads its lines any more', async () => {
    const command = `set -o pipefail; ${process.execPath} ${bin} train ${await experiment()} --max-epochs 5000 | head -1`;
    const { stderr } = await run('bash', ['-c', command], { cwd: folder });
    expect(stderr).not.toContain('EPIPE');
  });

  it('says where logs cannot be written', async () => {
    const source = EXPERIMENT.replace('`${import.meta.dirname}`', 'import.meta.filename');
    expect(await refusal('train', await experiment('rooted.ts', source))).toMatch(
      /logs cannot be written[^]+ENOTDIR[^]+defaultRootDir/,
    );
  });

  it.runIf(process.platform === 'linux').each([['--json'], []])(
    'says so and ends the run where what it prints cannot be written',
    async (...flags) => {
      const command = `${process.execPath} ${bin} train ${await experiment()} ${flags.join(' ')} --max-epochs 500 > /dev/full`;
      const failure = await run('bash', ['-c', command], { cwd: folder }).catch(
        (error: { code: number; stderr: string }) => error,
      );
      expect(failure).toMatchObject({ code: 1 });
      expect(failure.stderr.match(/What is printed cannot be written: ENOSPC/g)).toHaveLength(1);
      expect(failure.stderr).not.toMatch(/\n\s+at /);
    },
  );

  it('says what is wrong with a file', async () => {
    expect(await refusal('train', '.')).toMatch(/\. is no file[^]+a folder/);
    expect(await refusal('train', await experiment('alien.ts', "import 'no-such-package';"))).toMatch(
      /alien\.ts cannot be read[^]+Cannot find package 'no-such-package' imported from/,
    );
    expect(await refusal('train', 'nowhere.ts')).toContain('There is no file nowhere.ts');
    expect(await refusal('train', await experiment('broken.ts', 'export default {\n  trainer: ,\n};'))).toMatch(
      /broken\.ts cannot be read[^]+2:11/,
    );
    expect(await refusal('train', await experiment('empty.ts', 'export const x = 1;'))).toContain(
      'exports no experiment',
    );
    expect(await refusal('train', await experiment('half.ts', 'export default { trainer: 3 };'))).toContain(
      'exports no trainer',
    );
    expect(await refusal('train', await experiment(), '--set', 'batches')).toContain('key=value');
    expect(await refusal('train', await experiment(), '--backend', 'abacus')).toContain('backend');
    expect(await refusal('train', await experiment(), '--max-epochs', 'many')).toContain('received: "many"');
    expect(await refusal('train', await experiment(), '--max-epochs', '')).toContain('received: ""');
  });
});

describe('strobe doctor', () => {
  it('says what is here', async () => {
    const { stdout } = await strobe('doctor');
    expect(stdout).toMatch(/strobe +\d/);
    expect(stdout).toMatch(/engine +onnx \(the fastest that works here\)/);
    expect(stdout).toMatch(/cpu +works here/);
  });

  /** `strobe doctor --json` in a process where something was broken before. */
  const diagnose = async (harm: string) => {
    const file = join(folder, 'harm.mjs');
    await writeFile(file, harm);
    const { code = 0, stdout } = (await run(process.execPath, ['--import', file, bin, 'doctor', '--json'], {
      cwd: folder,
      env: { ...process.env, STROBE_CACHE: join(folder, 'nothing-built') },
    }).catch((failure: unknown) => failure)) as { code?: number; stdout: string };
    return { code, ...(JSON.parse(stdout) as Pick<Diagnosis, 'chosen' | 'engines'>) };
  };

  it('does not fail for an engine that is missing, and says why and what to do', async () => {
    const { code, chosen, engines } = await diagnose(`
      const load = process.dlopen;
      process.dlopen = (module, file, ...rest) => {
        if (file.includes('onnxruntime')) throw new Error("version 'GLIBC_2.34' not found");
        load(module, file, ...rest);
      };`);
    expect(code).toBe(0);
    expect(chosen).toMatchObject({ name: 'wasm', threads: 1 });
    expect(engines.find(({ name }) => name === 'onnx')).toMatchObject({
      available: false,
      version: expect.stringMatching(/^ONNX Runtime 1/) as string,
      why: expect.stringContaining('GLIBC_2.34') as string,
      remedy: expect.stringContaining('npm install onnxruntime-node') as string,
    });
  });

  it('fails where nothing can train, with a reason for each engine', async () => {
    // All of them rest on tfjs's cpu backend.
    const { code, chosen, engines } = await diagnose(`
      import '@tensorflow/tfjs-backend-cpu';
      import { removeBackend } from '@tensorflow/tfjs-core';
      removeBackend('cpu');`);
    expect(code).toBe(1);
    expect(chosen).toBeNull();
    expect(engines.map(({ name, available }) => [name, available])).toEqual(
      ['gpu', 'onnx', 'native', 'wasm', 'cpu'].map((name) => [name, false]),
    );
    for (const { why, remedy } of engines)
      expect([why, remedy]).toEqual([expect.stringMatching(/^.+$/), expect.any(String)]);
    expect(engines.at(-1)?.why).toBe("Backend name 'cpu' not found in registry");
  });
});

describe('strobe native build', () => {
  it('says where it cannot build', async () => {
    const env = { ...process.env, STROBE_CACHE: await experiment('in-the-way') };
    const failure = await run(process.execPath, [bin, 'native', 'build'], { env }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stderr).toMatch(/no place to build in[^]+ENOTDIR[^]+STROBE_CACHE/);
  });
});
