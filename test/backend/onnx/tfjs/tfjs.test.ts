import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { page } from '../../../../scripts/engines-table.js';
import { runTfjsTests, type Report } from './run.js';

/** Tests of TensorFlow.js that do not hold on this engine, and why. docs/engines.md has the same list. */
const known: Record<string, string> = {
  'gather throws when index is out of bound':
    'an index is looked at when the gather is computed, and the error comes with the first read',
  'tan numbers exceed float32 precision':
    'the last bit of float32 differs at 30144, where it is worth more than the 0.001 that the test allows',
};

/** The sentence about a run in docs/engines.md. */
function summary({ outcomes }: Report): string {
  const count = (status: string) => outcomes.filter((outcome) => outcome.status === status).length;
  const [passed, failed] = [count('passed'), count('failed')];
  return `${passed.toLocaleString('en')} of ${(passed + failed).toLocaleString('en')} pass`;
}

describe('the tests TensorFlow.js publishes for its operations', { timeout: 180_000 }, () => {
  it('pass when everything is compiled, but for the known ones', async () => {
    const report = await runTfjsTests('native');
    const failed = report.outcomes.filter(({ status }) => status === 'failed');
    const unknown = failed.filter(({ title }) => !(title in known));
    expect(unknown).toEqual([]);
    expect(failed.map(({ title }) => title).sort()).toEqual(Object.keys(known).sort());
    expect(report.runs).toBeGreaterThan(2_000);
    const markdown = readFileSync(page, 'utf8').replaceAll(/\s+/g, ' ');
    for (const text of [summary(report), ...Object.keys(known), ...Object.values(known)]) {
      expect(markdown).toContain(text);
    }
  });

  it('pass when small work is left to the cpu kernels, as in a program', async () => {
    const report = await runTfjsTests('javascript');
    const failed = report.outcomes.filter(({ status, title }) => status === 'failed' && !(title in known));
    expect(failed).toEqual([]);
    expect(report.interpreted).toBeGreaterThan(2_000);
  });
});
