import { createRequire } from 'node:module';

/**
 * tfjs-node 4.22 uses two functions of `util` that Node 23 removed and Node 22 complains about. They are put back, or
 * replaced by silent ones, before its code is loaded; nothing else of Node is touched.
 */
export function installShims(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray;
}
