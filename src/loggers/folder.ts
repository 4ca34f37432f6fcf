import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Metrics } from '../module/metrics.js';

export interface FolderOptions {
  /** Folder of all experiments. Default: the working directory. */
  saveDir?: string;
  /** Folder below it. Default `lightning_logs`. */
  name?: string;
  /** Folder below that: a number N gives `version_N`. Default: the next number that is free. */
  version?: string | number;
}

/** Where one run's files go: `<saveDir>/<name>/version_N`. */
export class LogFolder {
  readonly saveDir: string;
  readonly name: string;
  #version: string | number | undefined;

  constructor({ saveDir = process.cwd(), name = 'lightning_logs', version }: FolderOptions) {
    this.saveDir = saveDir;
    this.name = name;
    this.#version = version;
  }

  /** Chosen when it is first asked for. */
  get version(): string | number {
    return (this.#version ??= nextVersion(join(this.saveDir, this.name)));
  }

  get path(): string {
    const { version } = this;
    const path = join(this.saveDir, this.name, typeof version === 'number' ? `version_${version}` : version);
    // Another logger that looks for a free number must see that this one is taken.
    mkdirSync(path, { recursive: true });
    return path;
  }
}

/** The metrics under the names that a logger with a prefix gives them. */
export function prefixed(metrics: Metrics, prefix: string | undefined): Metrics {
  if (!prefix) return metrics;
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [`${prefix}-${key}`, value]));
}

function nextVersion(root: string): number {
  if (!existsSync(root)) return 0;
  const taken = readdirSync(root).flatMap((name) => /^version_(\d+)$/.exec(name)?.[1] ?? []);
  return Math.max(-1, ...taken.map(Number)) + 1;
}
