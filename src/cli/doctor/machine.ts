import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { isAbsolute } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

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
  /** Strobe's kernel, where Jupyter knows of it. */
  kernel: Kernelspec | null;
  /** What to run; null where nothing is missing. */
  remedy: string | null;
}

export interface Kernelspec {
  /** Where Jupyter keeps it. */
  folder: string;
  /** What it starts and what is not there any more; null when all of it is. */
  missing: string | null;
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

/** Looks for Jupyter among the commands, then in Python. */
export async function examineJupyter(
  commands: readonly [string, ...string[]][] = [['jupyter'], ['python3', '-m', 'jupyter']],
): Promise<Jupyter> {
  for (const [command, ...args] of commands) {
    const listing = await output(command, [...args, 'kernelspec', 'list', '--json']);
    if (listing === null) continue;
    const kernel = strobeKernel(listing);
    const versions = (await output(command, [...args, '--version'])) ?? '';
    return {
      version: /jupyter_core\s*:\s*(\S+)/.exec(versions)?.[1] ?? 'of unknown version',
      kernel,
      remedy: kernel && kernel.missing === null ? null : 'strobe kernel install',
    };
  }
  return { version: null, kernel: null, remedy: 'pip install jupyterlab, then strobe kernel install' };
}

/** Strobe's kernelspec in `jupyter kernelspec list --json`. */
export function strobeKernel(listing: string): Kernelspec | null {
  const { kernelspecs } = listingSchema.parse(JSON.parse(listing));
  const found = kernelspecs['strobe'];
  if (!found) return null;
  const files = found.spec.argv.filter((word) => isAbsolute(word));
  return { folder: found.resource_dir, missing: files.find((file) => !existsSync(file)) ?? null };
}

const listingSchema = z.object({
  kernelspecs: z.record(
    z.string(),
    z.object({ resource_dir: z.string(), spec: z.object({ argv: z.array(z.string()) }) }),
  ),
});

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
