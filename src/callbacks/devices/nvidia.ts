import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Metrics } from '../../module/metrics.js';

/** What is asked of `nvidia-smi`, and what it is called in the metrics. */
const FIELDS = {
  'utilization.gpu': 'utilization_percent',
  'utilization.memory': 'memory_utilization_percent',
  'memory.used': 'memory_used_mib',
  'memory.total': 'memory_total_mib',
  'temperature.gpu': 'temperature_celsius',
  'power.draw': 'power_watts',
} as const;

const run = promisify(execFile);

/** Statistics of every NVIDIA GPU as `gpu_<index>_<name>`; undefined where there is no `nvidia-smi` that works. */
export async function nvidiaStats(command = 'nvidia-smi'): Promise<Metrics | undefined> {
  const query = `--query-gpu=index,${Object.keys(FIELDS).join(',')}`;
  try {
    const { stdout } = await run(command, [query, '--format=csv,noheader,nounits'], { timeout: 5000 });
    return parseNvidiaSmi(stdout);
  } catch {
    // No driver, no GPU, or one that has fallen off the bus: measuring goes on without it.
    return undefined;
  }
}

/** Reads `nvidia-smi --query-gpu=index,... --format=csv,noheader,nounits`; what a GPU does not support is left out. */
export function parseNvidiaSmi(text: string): Metrics {
  const names = Object.values(FIELDS);
  const lines = text.split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
  const entries = lines.flatMap(([index = '', ...cells]) => {
    if (!/^\d+$/.test(index)) return [];
    return names.map((name, i) => [`gpu_${index}_${name}`, Number.parseFloat(cells[i] ?? '')] as const);
  });
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}
