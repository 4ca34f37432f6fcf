import { describe, expect, it } from 'vitest';
import { inspectMachine, type Machine, obstacles } from '../../../src/backend/native/machine.js';

const good: Machine = {
  platform: 'linux',
  arch: 'x64',
  glibc: true,
  freeBytes: 20e9,
  python: { command: 'python3', version: 'Python 3.12.1' },
  pip: true,
  compiler: { command: 'c++', version: 'c++ 12' },
  make: { command: 'make', version: 'GNU Make 4.3' },
  nvidia: false,
};

const messages = (machine: Partial<Machine>, variant: 'cpu' | 'cuda' = 'cpu', installs = true) =>
  obstacles({ ...good, ...machine }, variant, installs).map(({ message }) => message);

describe('what a machine lacks for a build', () => {
  it('is nothing on Linux with Python, a compiler and room', () => {
    expect(messages({})).toEqual([]);
    expect(messages({ platform: 'darwin', arch: 'arm64' })).toEqual([]);
  });

  it.each<[string, Partial<Machine>, RegExp, RegExp]>([
    ['no Python', { python: null, pip: false }, /There is no Python/, /to do: .*install it/],
    ['no pip', { pip: false }, /without pip/, /--from DIR|ensurepip/],
    ['no compiler', { compiler: null }, /no C\+\+ compiler in PATH/, /build-essential|xcode-select/],
    ['no make', { make: null }, /no make in PATH/, /build-essential|xcode-select/],
    ['a full disk', { freeBytes: 1e9 }, /expected: 1\.8 GB .*\n.*received: 1\.0 GB free/, /STROBE_CACHE/],
    ['musl', { glibc: false }, /received: linux on x64 with another \(musl\)/, /node:22-slim/],
    ['Windows', { platform: 'win32' }, /Windows/, /WSL 2/],
    ['macOS on Intel', { platform: 'darwin', arch: 'x64' }, /Apple silicon/, /backend: 'wasm'/],
  ])('with %s is named, with the remedy', (_name, machine, what, remedy) => {
    const [message, ...others] = messages(machine);
    expect(message).toMatch(what);
    expect(message).toMatch(remedy);
    expect(others).toEqual([]);
  });

  it('is more disk for CUDA, and little for a TensorFlow that is there', () => {
    expect(messages({ freeBytes: 5e9 }, 'cuda')[0]).toMatch(/expected: 9\.0 GB/);
    expect(messages({ freeBytes: 1e9 }, 'cuda', false)).toEqual([]);
    expect(messages({ pip: false }, 'cpu', false)).toEqual([]);
  });

  it('is CUDA on macOS', () => {
    expect(messages({ platform: 'darwin', arch: 'arm64' }, 'cuda')[0]).toMatch(/leave out --cuda/);
  });
});

it('looks at the machine it runs on, also for a folder that does not exist yet', async () => {
  const machine = await inspectMachine('/nowhere/at/all');
  expect(machine).toMatchObject({ platform: process.platform, arch: process.arch });
  expect(machine.freeBytes).toBeGreaterThan(0);
});
