import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The package asks for itself by name, which works from the sources and from what is built alike. */
function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('strobe/package.json'));
}

/** Files that come with the package as they are. */
export function assetsFolder(): string {
  return join(packageFolder(), 'assets');
}

/** Files that the build makes. */
export function builtAssetsFolder(): string {
  return join(packageFolder(), 'dist', 'assets');
}
