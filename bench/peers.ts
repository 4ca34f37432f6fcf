import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PACKAGES = ['torch==2.13.0', 'lightning'];
const folder = fileURLToPath(new URL('../.venv-bench', import.meta.url));
const PYTHON = `${folder}/bin/python`;

const works = (command: string, args: string[]) => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** A Python that has PyTorch and Lightning: `PYTHON`, or an environment made for the purpose. Undefined if there is none. */
export function pythonWithPeers(): string | undefined {
  const imports = ['-c', 'import torch, lightning.pytorch'];
  const given = process.env['PYTHON'];
  if (given) return given;
  if (existsSync(PYTHON) && works(PYTHON, imports)) return PYTHON;
  console.log(`Making ${folder} with ${PACKAGES.join(' and ')} ...`);
  if (!works('python3', ['-m', 'venv', folder])) {
    console.warn(
      'PyTorch and Lightning are LEFT OUT: there is no Python with venv (Debian: apt-get install python3-venv).',
    );
    return undefined;
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--retries', '0', ...PACKAGES];
  if (works(PYTHON, pip) && works(PYTHON, imports)) return PYTHON;
  console.warn(`PyTorch and Lightning are LEFT OUT: pip could not install ${PACKAGES.join(' and ')}.`);
  return undefined;
}
