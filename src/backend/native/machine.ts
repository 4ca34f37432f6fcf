import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { StrobeError } from '../../errors.js';
import type { Variant } from './state.js';

/** What a build needs to know of the machine. */
export interface Machine {
  platform: NodeJS.Platform;
  arch: string;
  /** False on Linux with another C library, such as Alpine's musl. */
  glibc: boolean;
  /** At the place where the build goes. */
  freeBytes: number;
  python: Program | null;
  /** True when that Python can install packages. */
  pip: boolean;
  compiler: Program | null;
  make: Program | null;
  /** True when NVIDIA's driver is loaded. */
  nvidia: boolean;
}

export interface Program {
  command: string;
  version: string;
}

const execute = promisify(execFile);
const GB = 1e9;

/** Wheel unpacked, and pip's own copy while it unpacks. */
const DISK: Record<Variant, number> = { cpu: 1.8 * GB, cuda: 9 * GB };

export async function inspectMachine(folder: string): Promise<Machine> {
  const [python, compiler, make, { bavail, bsize }] = await Promise.all([
    firstOf(['python3', 'python'], ['--version']),
    firstOf([process.env['CXX'], 'c++', 'g++', 'clang++'], ['--version']),
    firstOf([process.env['MAKE'], 'make', 'gmake'], ['--version']),
    statfs(existing(folder)),
  ]);
  return {
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform !== 'linux' || glibcVersion() !== undefined,
    freeBytes: bavail * bsize,
    python,
    pip: python !== null && (await firstOf([python.command], ['-m', 'pip', '--version'])) !== null,
    compiler,
    make,
    nvidia: nvidiaDriver(),
  };
}

/**
 * True where NVIDIA's driver shows a device: on Linux, in containers, or under WSL 2. Whether CUDA works with it only
 * TensorFlow can tell.
 */
export function nvidiaDriver(): boolean {
  return ['/dev/nvidiactl', '/proc/driver/nvidia/version', '/dev/dxg'].some((file) => existsSync(file));
}

/** Why this machine cannot make the build, each with the remedy; empty when nothing is in the way. */
export function obstacles(machine: Machine, variant: Variant, installsWheel: boolean): StrobeError[] {
  const problems = [platformProblem(machine, variant)];
  if (machine.python === null) {
    problems.push(
      problem('There is no Python', 'python3, which node-gyp and pip need', 'none in PATH', {
        linux: 'install it, e.g. sudo apt-get install python3 python3-pip',
        darwin: 'install it, e.g. brew install python',
      }),
    );
  } else if (installsWheel && !machine.pip) {
    problems.push(
      problem('Python cannot install packages', 'pip', `${machine.python.version} without pip`, {
        linux: 'install it, e.g. sudo apt-get install python3-pip, or pass --from DIR with an unpacked TensorFlow',
        darwin: 'install it: python3 -m ensurepip, or pass --from DIR with an unpacked TensorFlow',
      }),
    );
  }
  if (machine.compiler === null || machine.make === null) {
    const missing = machine.compiler === null ? 'no C++ compiler' : 'no make';
    problems.push(
      problem('The addon cannot be compiled', 'a C++ compiler and make', `${missing} in PATH`, {
        linux: 'install them, e.g. sudo apt-get install build-essential',
        darwin: 'install them: xcode-select --install',
      }),
    );
  }
  const needed = installsWheel ? DISK[variant] : 0.1 * GB;
  if (machine.freeBytes < needed) {
    problems.push(
      problem(
        'The disk is too full',
        `${(needed / GB).toFixed(1)} GB for the build`,
        `${(machine.freeBytes / GB).toFixed(1)} GB free`,
        { any: 'make room, or set STROBE_CACHE to a folder on another disk' },
      ),
    );
  }
  return problems.filter((p) => p !== null);
}

function platformProblem({ platform, arch, glibc }: Machine, variant: Variant): StrobeError | null {
  const received = `${platform} on ${arch}`;
  if (platform === 'win32') {
    return problem('TensorFlow has no libraries to link against on Windows', 'Linux or macOS', received, {
      any: "work inside WSL 2, or use another engine: backend: 'onnx'",
    });
  }
  if (!glibc) {
    return problem('TensorFlow needs the C library glibc', 'Linux with glibc', `${received} with another (musl)`, {
      any: "use an image based on Debian, e.g. node:22-slim, or another engine: backend: 'wasm'",
    });
  }
  if (platform === 'darwin' && (variant === 'cuda' || arch !== 'arm64')) {
    return problem(
      'There is no such TensorFlow for macOS',
      'the CPU variant on Apple silicon',
      `${variant} on ${arch}`,
      {
        any: variant === 'cuda' ? 'leave out --cuda' : "use another engine: backend: 'wasm'",
      },
    );
  }
  return null;
}

function problem(
  what: string,
  expected: string,
  received: string,
  remedy: { any: string } | { linux: string; darwin: string },
): StrobeError {
  const hint = 'any' in remedy ? remedy.any : process.platform === 'darwin' ? remedy.darwin : remedy.linux;
  return new StrobeError(StrobeError.compose(what, { expected, received, hint }));
}

function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

async function firstOf(commands: (string | undefined)[], args: string[]): Promise<Program | null> {
  for (const command of commands) {
    if (!command) continue;
    try {
      const { stdout, stderr } = await execute(command, args, { timeout: 20_000 });
      return { command, version: (stdout || stderr).split('\n')[0]?.trim() ?? '' };
    } catch {
      // Not there, or not working: the next one may be.
    }
  }
  return null;
}

function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}
