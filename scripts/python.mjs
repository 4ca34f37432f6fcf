// What some tests compare with comes from Python: a virtual environment in the project folder, made when a Python is there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['tensorboard'];
const root = fileURLToPath(new URL('..', import.meta.url));
export const PYTHON = `${root}.venv/bin/python`;

const works = (command, args) => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Makes the environment, or says in one line what is missing and how to get it. Tests that need it are skipped then. */
export function ensurePython() {
  const imports = PACKAGES.map((name) => `import ${name}`).join('; ');
  if (existsSync(PYTHON) && works(PYTHON, ['-c', imports])) return;
  if (!works('python3', ['-c', 'import venv, ensurepip'])) {
    console.warn(
      'Tests against TensorBoard are SKIPPED: there is no Python with venv (Debian: apt-get install python3-venv).',
    );
    return;
  }
  try {
    execFileSync('python3', ['-m', 'venv', `${root}.venv`], { stdio: 'ignore' });
    execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', '--retries', '0', ...PACKAGES], { stdio: 'ignore' });
  } catch {
    console.warn(`Tests against TensorBoard are SKIPPED: pip could not install ${PACKAGES.join(', ')} into .venv.`);
  }
}
