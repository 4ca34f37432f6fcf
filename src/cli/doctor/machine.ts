import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';

export interface MachineFacts {
  node: string;
  npm: string | null;
  /** Operating system, release and processor family. */
  system: string;
  cores: number;
  processor: string;
  memoryGiB: number;
  /** The vector instructions that speed up training; empty where the system does not list them. */
  features: string[];
}

export interface Gpu {
  name: string;
  driver: string;
  memoryMiB: number;
}

export interface Jupyter {
  /** Of jupyter_core; null without Jupyter. */
  version: string | null;
  /** Kernelspecs of Strobe's that Jupyter knows. */
  kernels: string[];
  /** What to run; null where nothing is missing. */
  remedy: string | null;
}

const execute = promisify(execFile);
const VECTOR_FEATURES = ['avx', 'avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile', 'asimd', 'sve'];

export async function examineMachine(): Promise<MachineFacts> {
  return {
    node: process.versions.node,
    npm: (await output('npm', ['--version']))?.trim() ?? null,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    features: vectorFeatures(cpuInfo()),
  };
}

/** The vector instructions in a `/proc/cpuinfo`. */
export function vectorFeatures(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return VECTOR_FEATURES.filter((feature) => flags.has(feature));
}

export async function examineGpus(command = 'nvidia-smi'): Promise<Gpu[]> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];
  return parseGpus((await output(command, query)) ?? '');
}

/** Reads `nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader,nounits`. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [name, driver, memory] = line.split(',').map((cell) => cell.trim());
    return name && driver && memory !== undefined ? [{ name, driver, memoryMiB: Number.parseInt(memory, 10) }] : [];
  });
}

export async function examineJupyter(command = 'jupyter'): Promise<Jupyter> {
  const listing = await output(command, ['kernelspec', 'list', '--json']);
  if (listing === null) return { version: null, kernels: [], remedy: 'pip install jupyterlab' };
  const versions = (await output(command, ['--version'])) ?? '';
  return {
    version: /jupyter_core\s*:\s*(\S+)/.exec(versions)?.[1] ?? 'of unknown version',
    kernels: strobeKernels(listing),
    remedy: null,
  };
}

/** The names of Strobe's kernelspecs in `jupyter kernelspec list --json`. */
export function strobeKernels(listing: string): string[] {
  const { kernelspecs = {} } = JSON.parse(listing) as { kernelspecs?: Record<string, unknown> };
  return Object.entries(kernelspecs)
    .filter(([name, spec]) => /strobe/i.test(name + JSON.stringify(spec)))
    .map(([name]) => name);
}

function cpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Only Linux has this file.
    return '';
  }
}

/** What a program prints; null when it is not there or does not work, which is all a doctor asks. */
async function output(command: string, args: string[]): Promise<string | null> {
  try {
    return (await execute(command, args, { timeout: 20_000 })).stdout;
  } catch {
    return null;
  }
}
