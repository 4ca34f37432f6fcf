// Runs every test and ends with one plain line, `N passed, N failed, N skipped`, for people and machines alike.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePython } from './python.mjs';

ensurePython();

const folder = await mkdtemp(join(tmpdir(), 'strobe-test-'));
const report = join(folder, 'report.json');

const code = await new Promise((resolve, reject) => {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const vitest = spawn(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
  vitest.once('error', reject);
  vitest.once('close', resolve);
});

try {
  const results = JSON.parse(await readFile(report, 'utf8'));
  const brokenFiles = results.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  const failed = results.numFailedTests + brokenFiles.length;
  console.log(
    `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests + results.numTodoTests} skipped`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(code ?? 1);
