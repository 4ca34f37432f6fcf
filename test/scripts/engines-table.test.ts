import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { page, withTable } from '../../scripts/engines-table.js';

it('docs/engines.md lists the kernels as the code has them (npm run docs:engines)', () => {
  const markdown = readFileSync(page, 'utf8');
  expect(withTable(markdown)).toBe(markdown);
});
