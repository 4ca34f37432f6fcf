import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Callback } from 'strobe';
import { pagesWithOptions } from '../../scripts/option-tables.js';
import * as builtIn from '../../src/callbacks/index.js';

const docs = new URL('../../docs/callbacks/', import.meta.url);
const pages = readdirSync(docs).filter((name) => name !== 'README.md');
const kebab = (name: string) => name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();

it('every callback has a page with an example and what it takes, and a line in the list', () => {
  const names = Object.entries(builtIn).filter(([, value]) => value.prototype instanceof Callback).map(([name]) => name); // prettier-ignore
  expect(pages.sort()).toEqual(names.map((name) => `${kebab(name)}.md`).sort());
  const list = readFileSync(new URL('README.md', docs), 'utf8');
  for (const name of names) {
    const page = readFileSync(new URL(`${kebab(name)}.md`, docs), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${name}\n`));
    expect(page).toContain('```ts');
    if (!['LambdaCallback', 'BaseFinetuning'].includes(name)) expect(page, name).toContain('<!-- options: ');
    expect(list).toContain(`[${name}](${kebab(name)}.md)`);
  }
});

it('the tables of options are what the code says: npx tsx scripts/option-tables.ts writes them', async () => {
  const wanted = await pagesWithOptions();
  expect(wanted.size).toBeGreaterThan(20);
  for (const [path, text] of wanted) expect(readFileSync(path, 'utf8')).toBe(text);
}, 60_000);
