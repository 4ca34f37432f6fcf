import { readFileSync } from 'node:fs';
import os from 'node:os';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import type { Metrics } from '../../module/metrics.js';

interface Times {
  /** Milliseconds of all cores. */
  busy: number;
  idle: number;
  /** Microseconds that this process has used. */
  process: number;
  at: number;
}

/** Measures this process and the machine it runs on; percentages are those since the last look. */
export class MachineProbe {
  #last = timesNow();
  #delay: IntervalHistogram | undefined;

  start(): void {
    this.#last = timesNow();
    this.#delay ??= monitorEventLoopDelay({ resolution: 10 });
    this.#delay.enable();
  }

  stop(): void {
    this.#delay?.disable();
  }

  /** What the processor and the memory of machine and process are at. */
  cpu(): Metrics {
    const now = timesNow();
    const { busy, idle, process: used, at } = this.#last;
    this.#last = now;
    const total = now.busy + now.idle - busy - idle;
    const elapsed = (now.at - at) * 1000;
    const swap = swapPercent();
    return {
      ...(total > 0 ? { cpu_percent: (100 * (now.busy - busy)) / total } : {}),
      ...(elapsed > 0 ? { process_cpu_percent: (100 * (now.process - used)) / elapsed } : {}),
      cpu_vm_percent: 100 * (1 - os.freemem() / os.totalmem()),
      ...(swap === undefined ? {} : { cpu_swap_percent: swap }),
    };
  }

  /** Memory of this process, the engine's tensors, and how late the event loop has been. */
  process(): Metrics {
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { numTensors, numBytes } = tf.memory();
    return {
      rss_bytes: rss,
      heap_used_bytes: heapUsed,
      heap_total_bytes: heapTotal,
      external_bytes: external,
      num_tensors: numTensors,
      tensor_bytes: numBytes,
      ...this.#loopDelay(),
    };
  }

  #loopDelay(): Metrics {
    const delay = this.#delay;
    if (!delay || delay.count === 0) return {};
    const milliseconds = { event_loop_delay_mean_ms: delay.mean / 1e6, event_loop_delay_max_ms: delay.max / 1e6 };
    delay.reset();
    return milliseconds;
  }
}

function timesNow(): Times {
  const cores = os.cpus().map(({ times }) => times);
  const { user, system } = process.cpuUsage();
  return {
    busy: cores.reduce((sum, each) => sum + each.user + each.nice + each.sys + each.irq, 0),
    idle: cores.reduce((sum, each) => sum + each.idle, 0),
    process: user + system,
    at: performance.now(),
  };
}

/** Node knows nothing of swap; Linux says it in a file. */
function swapPercent(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const text = readFileSync('/proc/meminfo', 'utf8');
  const [total, free] = ['SwapTotal', 'SwapFree'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1]),
  );
  if (!total || free === undefined) return 0;
  return 100 * (1 - free / total);
}
