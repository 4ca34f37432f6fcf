import { ConfigurationError, StrobeError } from '../../src/errors.js';

const NEEDED = [20, 19] as const;

/** @throws ConfigurationError where Node is older than what Strobe runs on */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  throw new ConfigurationError(
    StrobeError.compose('This Node.js is too old for the kernel.', {
      expected: `Node.js ${NEEDED.join('.')} or newer`,
      received: `Node.js ${version}`,
      hint: 'install a current one from https://nodejs.org, and install the kernel again with it',
    }),
  );
}
