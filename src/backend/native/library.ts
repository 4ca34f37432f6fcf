import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StrobeError } from '../../errors.js';
import type { Library, Variant } from './state.js';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';

/** A wheel keeps its C functions in `libtensorflow_cc`, the archive for C in `libtensorflow`. */
const mainNames = /^libtensorflow(_cc)?\.(so\.2|2\.dylib|so|dylib)$/;
const frameworkNames = /^libtensorflow_framework\.(so\.2|2\.dylib|so|dylib)$/;

/**
 * The TensorFlow in a folder: an unpacked wheel, a virtual environment or Python installation that has one, or an
 * unpacked libtensorflow. Null when there is none.
 */
export function findLibrary(folder: string): Library | null {
  for (const place of places(resolve(folder))) {
    const include = join(place, 'include');
    if (!existsSync(join(include, 'tensorflow', 'c', 'c_api.h'))) continue;
    for (const libraries of [place, join(place, 'lib')]) {
      const main = firstMatch(libraries, mainNames);
      const framework = firstMatch(libraries, frameworkNames);
      if (main && framework) return { include, main, framework };
    }
  }
  return null;
}

/** {@link findLibrary}, for a folder the user named. */
export function requireLibrary(folder: string): Library {
  const library = findLibrary(folder);
  if (library) return library;
  throw new StrobeError(
    StrobeError.compose(`There is no TensorFlow in ${folder}`, {
      expected: `include/tensorflow/c/c_api.h beside libtensorflow_cc.${suffix}, as in a wheel, a virtual environment or an unpacked libtensorflow`,
      received: existsSync(folder) ? 'a folder without them' : 'no such folder',
      hint: 'pass the environment that pip installed tensorflow into, or leave out --from to have a wheel installed',
    }),
  );
}

/** True while every file of the library is where it was. */
export function libraryIsThere({ include, main, framework }: Library): boolean {
  return [include, main, framework].every((path) => existsSync(path));
}

/** What a wheel says it was made for; null for other installations, which do not say. */
export function variantOf({ include }: Library): Variant | null {
  const file = join(include, '..', 'python', 'platform', 'build_info.py');
  if (!existsSync(file)) return null;
  return /is_cuda_build'?,?\W+True/.test(readFileSync(file, 'utf8')) ? 'cuda' : 'cpu';
}

function places(folder: string): string[] {
  const python = join(folder, 'lib');
  const environments = (existsSync(python) ? readdirSync(python) : [])
    .filter((name) => name.startsWith('python'))
    .map((name) => join(python, name, 'site-packages', 'tensorflow'));
  return [folder, join(folder, 'tensorflow'), ...environments];
}

function firstMatch(folder: string, pattern: RegExp): string | undefined {
  if (!existsSync(folder)) return undefined;
  // The name with a version is what a program asks for when it is loaded, so it goes first.
  const [name] = readdirSync(folder)
    .filter((file) => pattern.test(file))
    .toSorted((a, b) => b.length - a.length);
  return name && join(folder, name);
}
