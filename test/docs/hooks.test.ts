import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hooksPage, PAGE } from '../../scripts/hook-matrix.js';

it('docs/hooks.md is what the code says: npx tsx scripts/hook-matrix.ts writes it', async () => {
  expect(await readFile(PAGE, 'utf8')).toBe(await hooksPage());
}, 30_000);
