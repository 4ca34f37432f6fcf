/** Frames below these are tfjs or this library, not the code a user would look at. */
const library = new URL('../../../', import.meta.url).pathname;
const inside =
  /[\\/]node_modules[\\/]@tensorflow[\\/]|[\\/]tfjs-(core|layers|data|backend-[a-z]+)[\\/]src[\\/]|node:internal|<anonymous>\)?$/;

/** Remembers where a kernel was called; formatting is left until somebody asks. */
export function captureSite(): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const site = new Error('recorded here');
  Error.stackTraceLimit = limit;
  return site;
}

/** The line of the user's code that led to a captured call, e.g. `loss (/home/me/train.ts:12:9)`. */
export function describeSite(site: Error | null): string | null {
  for (const line of site?.stack?.split('\n').slice(1) ?? []) {
    if (inside.test(line) || line.includes(library)) continue;
    return line.trim().replace(/^at /, '');
  }
  return null;
}
