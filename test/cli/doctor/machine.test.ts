import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  examineGpus,
  examineJupyter,
  examineMachine,
  parseGpus,
  strobeKernel,
  vectorFeatures,
} from '../../../src/cli/doctor/machine.js';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'strobe-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A program that prints what its arguments choose, as the real one would. */
function program(name: string, script: string): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('the machine', () => {
  it('is this one', async () => {
    const machine = await examineMachine();
    expect(machine).toMatchObject({ node: process.versions.node, cores: expect.any(Number) });
    expect(machine.npm).toMatch(/^\d+\.\d+\.\d+/);
    expect(machine.memoryGiB).toBeGreaterThan(0);
  });

  it('has vector instructions, listed by x86 and by ARM', () => {
    const x86 = 'processor\t: 0\nflags\t\t: fpu sse2 avx fma avx2 avx512f amx_tile hypervisor\n';
    expect(vectorFeatures(x86)).toEqual(['avx', 'avx2', 'fma', 'avx512f', 'amx_tile']);
    expect(vectorFeatures('Features\t: fp asimd evtstrm aes sve\n')).toEqual(['asimd', 'sve']);
    expect(vectorFeatures('')).toEqual([]);
  });
});

describe('GPUs', () => {
  it('are what nvidia-smi lists', async () => {
    const smi = program(
      'nvidia-smi',
      `echo "NVIDIA A100-SXM4-40GB, 535.104.05, 40960"; echo "Tesla T4, 535.104.05, 15360"`,
    );
    expect(await examineGpus(smi)).toEqual([
      { name: 'NVIDIA A100-SXM4-40GB', driver: '535.104.05', memoryMiB: 40960 },
      { name: 'Tesla T4', driver: '535.104.05', memoryMiB: 15360 },
    ]);
  });

  it('are none where it is missing, or finds no driver', async () => {
    expect(await examineGpus('/no/such/nvidia-smi')).toEqual([]);
    const message = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
    expect(await examineGpus(program('nvidia-smi', `echo "${message}"; exit 9`))).toEqual([]);
    expect(parseGpus('No devices were found\n')).toEqual([]);
  });
});

describe('Jupyter', () => {
  const listing = (kernels: object) => JSON.stringify({ kernelspecs: kernels });
  const python = { resource_dir: '/share/jupyter/kernels/python3', spec: { argv: ['python', '-m', 'ipykernel'] } };

  it('is asked for its version and for the kernel, which may be stale', async () => {
    const folder = temporaryFolder();
    const main = join(folder, 'main.js');
    mkdirSync(join(folder, 'kernels'));
    const strobe = {
      resource_dir: '/share/jupyter/kernels/strobe',
      spec: { argv: [process.execPath, main, 'kernel'] },
    };
    const list = join(folder, 'list.json');
    writeFileSync(list, listing({ python3: python, strobe }));
    const jupyter = program('jupyter', `[ "$1" = kernelspec ] && exec cat ${list}; echo "jupyter_core     : 5.8.1"`);

    expect(await examineJupyter([[jupyter]])).toEqual({
      version: '5.8.1',
      kernel: { folder: '/share/jupyter/kernels/strobe', missing: main },
      remedy: 'strobe kernel install',
    });
    writeFileSync(main, '');
    expect(await examineJupyter([['/no/such/jupyter'], [jupyter]])).toMatchObject({
      kernel: { missing: null },
      remedy: null,
    });
    expect(strobeKernel(listing({ python3: python }))).toBeNull();
  });

  it('that is not there can be had with pip', async () => {
    expect(await examineJupyter([['/no/such/jupyter']])).toEqual({
      version: null,
      kernel: null,
      remedy: 'pip install jupyterlab, then strobe kernel install',
    });
  });
});
