import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { nvidiaStats, parseNvidiaSmi } from '../../../src/callbacks/devices/nvidia.js';
import { scratchFolder } from '../../support/scripted.js';

const folder = scratchFolder();

/** As the tool prints it for `--format=csv,noheader,nounits`. */
const TWO = '0, 87, 45, 10240, 24564, 65, 287.31\n1, 0, 0, 3, 24564, 31, 17.05\n';
const UNSUPPORTED = '0, 12, [N/A], 512, 4096, 48, [Not Supported]\n';

it('reads every GPU', () => {
  expect(parseNvidiaSmi(TWO)).toEqual({
    gpu_0_utilization_percent: 87,
    gpu_0_memory_utilization_percent: 45,
    gpu_0_memory_used_mib: 10240,
    gpu_0_memory_total_mib: 24564,
    gpu_0_temperature_celsius: 65,
    gpu_0_power_watts: 287.31,
    gpu_1_utilization_percent: 0,
    gpu_1_memory_utilization_percent: 0,
    gpu_1_memory_used_mib: 3,
    gpu_1_memory_total_mib: 24564,
    gpu_1_temperature_celsius: 31,
    gpu_1_power_watts: 17.05,
  });
});

it('leaves out what a GPU does not support', () => {
  expect(Object.keys(parseNvidiaSmi(UNSUPPORTED))).toEqual([
    'gpu_0_utilization_percent',
    'gpu_0_memory_used_mib',
    'gpu_0_memory_total_mib',
    'gpu_0_temperature_celsius',
  ]);
});

it('reads nothing from what is no answer', () => {
  expect(parseNvidiaSmi('No devices were found\n')).toEqual({});
  expect(parseNvidiaSmi('')).toEqual({});
});

it('asks the tool, and gives nothing where there is none, or it fails', async () => {
  const dir = folder();
  await mkdir(dir);
  const tool = async (name: string, script: string) => {
    const path = join(dir, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  };
  const works = await tool('works', `case "$1" in --query-gpu=index,utilization.gpu,*) printf '${TWO}';; esac`);
  expect(await nvidiaStats(works)).toEqual(parseNvidiaSmi(TWO));
  expect(await nvidiaStats(await tool('fails', 'exit 9'))).toBeUndefined();
  expect(await nvidiaStats(join(dir, 'absent'))).toBeUndefined();
});
