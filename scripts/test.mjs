// Runs every test and ends with one plain line, `N passed, N failed, N skipped`, for people and machines alike.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePython } from './python.mjs';

ensurePython();

const folder = await mkdtemp(join(tmpdir(), 'strobe-test-'));

/** One run of vitest; its counts are null when it came to no result. */
async function vitest(name, args) {
  const report = join(folder, `${name}.json`);
  const outputs = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...outputs, ...args], {
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('close', resolve);
  });
  const results = JSON.parse(await readFile(report, 'utf8').catch(() => 'null'));
  const brokenFiles = (results?.testResults ?? []).filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    code: code ?? 1,
    passed: results?.numPassedTests ?? 0,
    failed: (results?.numFailedTests ?? 0) + brokenFiles.length,
    skipped: (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0),
  };
}

/** Why the tests cannot run on TensorFlow; null when they can. */
function nativeProblem() {
  const status = execFileSync(process.execPath, ['dist/src/cli/main.js', 'native', 'status', '--json']);
  return JSON.parse(String(status)).why;
}

try {
  const chosen = process.argv.slice(2);
  const runs = [await vitest('all', chosen)];
  if (chosen.length === 0) {
    const problem = nativeProblem();
    if (problem === null) runs.push(await vitest('native', ['--config', 'vitest.native.config.ts']));
    else
      console.warn(`The tests on TensorFlow are SKIPPED: ${problem.replace('strobe ', 'node dist/src/cli/main.js ')}`);
  }
  const sum = (count) => runs.reduce((total, run) => total + run[count], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  process.exitCode = Math.max(...runs.map(({ code }) => code));
} finally {
  await rm(folder, { recursive: true, force: true });
}
