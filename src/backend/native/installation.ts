import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineFiles } from './load.js';
import { libraryIsThere } from './library.js';
import { bindingFile, nativePaths, packageFolder, type NativePaths } from './paths.js';
import { quietFile, stages } from './stages.js';
import { readState, type Variant } from './state.js';

/** An engine that can be loaded. */
export interface Installation {
  /** `package`: the npm package beside the project, whose own download worked. `build`: made by `strobe native build`. */
  source: 'package' | 'build';
  files: EngineFiles;
  /** What it says it is; null when it has not been tried. */
  version: string | null;
  /** The processor it was made for; null when that is not known. */
  variant: Variant | null;
}

/** The engine this process would load, or why there is none. Reads a few small files and loads nothing. */
export function findInstallation(paths: NativePaths = nativePaths()): Installation | string {
  const folder = installedPackage();
  if (folder)
    return {
      source: 'package',
      files: { folder, binding: bindingFile(folder), quiet: null },
      version: null,
      variant: null,
    };

  const state = readState(paths.state);
  if (!state) return 'it has not been built: strobe native build';
  const next = stages.find(({ id }) => !state.done.includes(id));
  if (next) return `its build stopped before "${next.title}": strobe native build goes on from there`;
  if (state.library && !libraryIsThere(state.library)) {
    return `the TensorFlow it was built on is gone (${state.library.main}): strobe native build`;
  }
  const built = packageFolder(paths);
  const binding = bindingFile(built);
  if (!existsSync(binding)) return `its addon is gone (${binding}): strobe native build`;
  return {
    source: 'build',
    files: { folder: built, binding, quiet: quietFile(paths) },
    version: state.tried?.version ?? null,
    variant: state.variant,
  };
}

/** The npm package, where its install script has succeeded: of the user's project, else beside Strobe. */
function installedPackage(): string | null {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      const folder = dirname(createRequire(from).resolve('@tensorflow/tfjs-node-gpu/package.json'));
      if (existsSync(bindingFile(folder))) return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return null;
}
