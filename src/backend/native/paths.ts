import { homedir } from 'node:os';
import { join } from 'node:path';

/** The major version of Node-API the addon is built for; every Node that Strobe runs on has it. */
export const NAPI_VERSION = 8;

/** Where a build keeps its parts, all of them below one folder of the user's cache. */
export interface NativePaths {
  root: string;
  /** What has been built so far: see state.ts. */
  state: string;
  /** There while a build is at work. */
  lock: string;
  /** What pip, npm, node-gyp and TensorFlow said. */
  log: string;
  /** The TensorFlow wheel, unpacked by pip. */
  wheel: string;
  /** An npm project that holds tfjs-node-gpu. */
  engine: string;
}

/** `STROBE_CACHE`, else the user's cache folder by the custom of the platform (`XDG_CACHE_HOME` is honoured). */
export function nativePaths(env: NodeJS.ProcessEnv = process.env): NativePaths {
  const root = join(cacheFolder(env), 'native');
  return {
    root,
    state: join(root, 'state.json'),
    lock: join(root, 'lock'),
    log: join(root, 'build.log'),
    wheel: join(root, 'tensorflow'),
    engine: join(root, 'engine'),
  };
}

/** The addon and its JavaScript, inside the npm project of a build. */
export function packageFolder(paths: NativePaths): string {
  return join(paths.engine, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
}

/** Where node-gyp leaves the addon inside that package. */
export function bindingFile(folder: string): string {
  return join(folder, 'lib', `napi-v${NAPI_VERSION}`, 'tfjs_binding.node');
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env['STROBE_CACHE']) return env['STROBE_CACHE'];
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'strobe');
  return join(homedir(), ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']), 'strobe');
}
