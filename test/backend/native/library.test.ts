import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLibrary, libraryIsThere, requireLibrary, variantOf } from '../../../src/backend/native/library.js';
import { rmSync } from 'node:fs';
import { temporaryFolder, touch } from './support.js';

const wheel = (folder: string) => {
  touch(
    join(folder, 'include/tensorflow/c/c_api.h'),
    join(folder, 'libtensorflow_cc.so.2'),
    join(folder, 'libtensorflow_framework.so.2'),
  );
  return {
    include: join(folder, 'include'),
    main: join(folder, 'libtensorflow_cc.so.2'),
    framework: join(folder, 'libtensorflow_framework.so.2'),
  };
};

describe('a TensorFlow is found', () => {
  it.each(['.', 'tensorflow', 'lib/python3.12/site-packages/tensorflow'])('with a wheel in %s', (place) => {
    const folder = temporaryFolder();
    expect(findLibrary(folder)).toBeNull();
    const library = wheel(join(folder, place));
    expect(findLibrary(folder)).toEqual(library);
    expect(libraryIsThere(library)).toBe(true);
    rmSync(library.main);
    expect(libraryIsThere(library)).toBe(false);
  });

  it('in an unpacked libtensorflow, by the names with versions', () => {
    const folder = temporaryFolder();
    touch(
      join(folder, 'include/tensorflow/c/c_api.h'),
      ...['libtensorflow.so', 'libtensorflow.so.2', 'libtensorflow_framework.so.2'].map((f) => join(folder, 'lib', f)),
    );
    expect(findLibrary(folder)?.main).toBe(join(folder, 'lib/libtensorflow.so.2'));
  });
});

it('a folder without one is refused with what was looked for', () => {
  const folder = temporaryFolder();
  expect(() => requireLibrary(folder)).toThrow(/c_api\.h[^]*a folder without them[^]*--from/);
  expect(() => requireLibrary(join(folder, 'nowhere'))).toThrow(/no such folder/);
});

it.each([
  ['True', 'cuda'],
  ['False', 'cpu'],
])('a wheel with is_cuda_build %s is for %s', (value, variant) => {
  const folder = temporaryFolder();
  const library = wheel(folder);
  expect(variantOf(library)).toBeNull();
  mkdirSync(join(folder, 'python/platform'), { recursive: true });
  writeFileSync(
    join(folder, 'python/platform/build_info.py'),
    `build_info = collections.OrderedDict([('is_cuda_build', ${value}), ('is_rocm_build', False)])\n`,
  );
  expect(variantOf(library)).toBe(variant);
});
