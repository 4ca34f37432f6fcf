import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markdownFiles } from '../../scripts/docs-files.js';

const home = process.cwd();
const notebooks = readdirSync(join(home, 'notebooks')).filter((name) => name.endsWith('.ipynb'));
const pages = [
  ...(await markdownFiles()),
  join(home, 'examples/callbacks/README.md'),
  ...notebooks.map((name) => join(home, 'notebooks', name)),
];

/** The text that people read: code is not in it, for what looks like a link there is none. */
function textOf(path: string): string {
  const file = readFileSync(path, 'utf8');
  const text = path.endsWith('.ipynb')
    ? (JSON.parse(file) as { cells: { cell_type: string; source: string | string[] }[] }).cells
        .filter(({ cell_type }) => cell_type === 'markdown')
        .map(({ source }) => [source].flat().join(''))
        .join('\n\n')
    : file;
  return text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length));
}

/** Headings as GitHub names them. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(path, 'utf8')
    .replace(/^```[^]*?^```/gm, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-'),
  );
}

/** Why a link leads nowhere; undefined if it leads somewhere. */
function problemOf(page: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : resolve(dirname(page), path);
  if (!existsSync(file)) return `there is no ${relative(home, file)}`;
  if (relative(home, file).startsWith('..')) return 'it leads out of the project';
  if (anchor === undefined) return undefined;
  if (statSync(file).isDirectory()) return 'a folder has no headings';
  return anchorsOf(file).includes(anchor) ? undefined : `${relative(home, file)} has no heading #${anchor}`;
}

const linksOf = (path: string): string[] =>
  [...textOf(path).matchAll(/\]\(([^)\s]+)\)/g), ...textOf(path).matchAll(/ src="([^"]+)"/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

describe('the links of the pages that people read', () => {
  it('are there', () => expect(pages.flatMap(linksOf).length).toBeGreaterThan(80));

  it.each(pages.map((page) => [relative(home, page), page] as const))('%s leads somewhere', (_, page) => {
    const dead = linksOf(page).flatMap((target) => {
      const problem = problemOf(page, target);
      return problem === undefined ? [] : [`${target}: ${problem}`];
    });
    expect(dead).toEqual([]);
  });
});

it('a link that leads nowhere is found', () => {
  const page = join(home, 'README.md');
  expect(problemOf(page, 'docs/nowhere.md')).toBe('there is no docs/nowhere.md');
  expect(problemOf(page, 'docs/runs.md#nowhere')).toBe('docs/runs.md has no heading #nowhere');
  expect(problemOf(page, '../elsewhere')).toBeDefined();
  expect(problemOf(page, '#in-a-notebook')).toBeUndefined();
});
