import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '../../src/folder.js';
import { Resvg } from '@resvg/resvg-js';
import { ConfigurationError, StrobeError } from '../../src/errors.js';
import { assetsFolder } from '../../src/display/figure/assets.js';
import { dataFolderOf, requireJupyter, type PlaceFlags } from './place.js';
import { requireNode } from './node-version.js';

const NAME = 'strobe';

/** Room for new objects (MiB, twice in each thread): what V8 takes by itself is more than cells have a use for. */
const NEW_SPACE = 8;

/** What Jupyter reads of a kernel. */
export function kernelSpec(node: string, command: string): object {
  return {
    argv: [
      node,
      `--max-semi-space-size=${NEW_SPACE}`,
      command,
      'kernel',
      'start',
      '--connection-file',
      '{connection_file}',
    ],
    display_name: 'TypeScript (Strobe)',
    language: 'typescript',
    interrupt_mode: 'message',
    // One pool of memory for all threads: what one has freed, another may use.
    env: { MALLOC_ARENA_MAX: '1' },
    metadata: { debugger: false, supported_encryption: 'curve' },
  };
}

/**
 * Writes the kernelspec, and gives the folder that it is in.
 *
 * @throws ConfigurationError without Jupyter, with a Node that is too old, or where the folder cannot be written
 */
export async function installKernel(flags: PlaceFlags): Promise<string> {
  requireNode();
  const folder = join(await dataFolderOf(flags), 'kernels', NAME);
  // A prefix may belong to a Jupyter that is not on the PATH.
  if (flags.prefix === undefined) await requireJupyter();
  const command = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  const logo = await readFile(join(assetsFolder(), 'logo.svg'), 'utf8');
  const png = (width: number) => new Resvg(logo, { fitTo: { mode: 'width', value: width } }).render().asPng();
  try {
    makeFolder(folder);
    await writeFile(
      join(folder, 'kernel.json'),
      `${JSON.stringify(kernelSpec(process.execPath, command), undefined, 2)}\n`,
    );
    await writeFile(join(folder, 'logo-svg.svg'), logo);
    for (const width of [32, 64]) await writeFile(join(folder, `logo-${width}x${width}.png`), png(width));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  return folder;
}

/** Removes the kernelspec, and gives the folder that it was in; undefined when there was none. */
export async function uninstallKernel(flags: PlaceFlags): Promise<string | undefined> {
  const folder = join(await dataFolderOf(flags), 'kernels', NAME);
  const exists = await stat(join(folder, 'kernel.json')).catch(() => undefined);
  if (!exists) return undefined;
  await rm(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  return folder;
}

function unwritable(folder: string, cause: unknown): ConfigurationError {
  const received = cause instanceof Error ? cause.message : String(cause);
  const hint = 'strobe kernel install --user, or --prefix DIR with a folder of your own';
  const parts = { expected: `a folder that you may write: ${folder}`, received, hint };
  return new ConfigurationError(StrobeError.compose('The kernel cannot be installed there.', parts), { cause });
}
