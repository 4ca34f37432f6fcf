// What some tests compare with or talk to comes from Python: a virtual environment in the project folder, made when a Python is there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Packages by what is skipped without them. */
const PACKAGES = {
  TensorBoard: ['tensorboard'],
  'clients of the kernel': ['jupyter_client', 'nbclient', 'nbconvert', 'jupyter_console', 'pexpect'],
  JupyterLab: ['jupyterlab', 'jupyterlab_widgets'],
  'the comparison with ipykernel': ['ipykernel'],
};
const root = fileURLToPath(new URL('..', import.meta.url));
export const PYTHON = `${root}.venv/bin/python`;

const run = (command, args) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
};

/** Which of the packages the environment does not have. */
function missing() {
  const all = Object.values(PACKAGES).flat();
  if (!existsSync(PYTHON)) return all;
  const script = 'import importlib.util, sys; print([n for n in sys.argv[1:] if importlib.util.find_spec(n) is None])';
  const found = run(PYTHON, ['-c', script, ...all]);
  return found === undefined ? all : [...found.matchAll(/'(\w+)'/g)].map(([, name]) => name);
}

const install = (packages) =>
  run(PYTHON, ['-m', 'pip', 'install', '--quiet', '--retries', '0', ...packages]) !== undefined;

/** Makes the environment, or says in one line what is missing and how to get it. Tests that need it are skipped then. */
export function ensurePython() {
  let wanted = missing();
  if (wanted.length === 0) return;
  if (!existsSync(PYTHON) && run('python3', ['-m', 'venv', `${root}.venv`]) === undefined) {
    const remedy = 'there is no Python with venv (Debian: apt-get install python3-venv)';
    console.warn(`Tests with ${Object.keys(PACKAGES).join(', ')} are SKIPPED: ${remedy}.`);
    return;
  }
  console.log(`Installing ${wanted.join(', ')} into .venv, once; it takes a few minutes.`);
  // One that cannot be had does not keep the others away.
  if (!install(wanted)) for (const name of wanted) install([name]);
  wanted = missing();
  for (const [what, packages] of Object.entries(PACKAGES)) {
    const lost = packages.filter((name) => wanted.includes(name));
    if (lost.length > 0) {
      console.warn(`Tests with ${what} are SKIPPED: pip could not install ${lost.join(', ')} into .venv.`);
    }
  }
}
