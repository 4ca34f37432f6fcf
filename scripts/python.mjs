// What some tests compare with, and the notebooks they open, come from Python: a virtual environment in the project
// folder, made when a Python is there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** By the module that shows that a package is there. */
const PACKAGES = {
  tensorboard: 'tensorboard',
  jupyter_client: 'jupyter_client',
  nbclient: 'nbclient',
  nbconvert: 'nbconvert',
  jupyterlab: 'jupyterlab',
  // The front end's side of widgets; the kernel needs nothing of it.
  jupyterlab_widgets: 'jupyterlab_widgets',
};
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
  const imports = Object.keys(PACKAGES)
    .map((name) => `import ${name}`)
    .join('; ');
  if (existsSync(PYTHON) && works(PYTHON, ['-c', imports])) return;
  if (!works('python3', ['-c', 'import venv, ensurepip'])) {
    console.warn(
      'Tests against TensorBoard and Jupyter are SKIPPED: there is no Python with venv (Debian: apt-get install python3-venv).',
    );
    return;
  }
  const packages = Object.values(PACKAGES);
  try {
    execFileSync('python3', ['-m', 'venv', `${root}.venv`], { stdio: 'ignore' });
    execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', '--retries', '0', ...packages], { stdio: 'ignore' });
  } catch {
    console.warn(
      `Tests against TensorBoard and Jupyter are SKIPPED: pip could not install ${packages.join(', ')} into .venv.`,
    );
  }
}
