import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** Some download what is of no use here, and none is needed: the packages bring what they are used for. */
it("no package's install script runs in this repository", () => {
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { hasInstallScript?: true; optional?: true }>;
  };
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  // npm 10 looks for the scripts of the packages that the lock file marks, and of no others.
  const marked = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript);
  expect(marked, 'take "hasInstallScript" out of package-lock.json again').toEqual([]);
  // From npm 11 on it is a list; those that nobody has decided on are named at each installation.
  const scripted = Object.keys(packages).filter((path) => {
    if (path === '' || packages[path]?.optional) return false;
    const { scripts } = read(path, 'package.json') as { scripts?: Record<string, string> };
    return scripts && ['preinstall', 'install', 'postinstall'].some((name) => name in scripts);
  });
  expect(scripted).toContain('node_modules/onnxruntime-node');
  expect(scripted.map((path) => allowScripts[path.replace(/^.*node_modules\//, '')])).toEqual(
    scripted.map(() => false),
  );
});
