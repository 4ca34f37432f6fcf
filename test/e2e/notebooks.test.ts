import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, openBrowser } from './support/chromium.js';
import { has, installedKernel, PYTHON, run } from './support/jupyter.js';
import { ARTEFACTS, type Output } from './support/lab.js';

const FOLDER = new URL('../../notebooks/', import.meta.url).pathname;
const NOTEBOOKS = readdirSync(FOLDER).filter((name) => name.endsWith('.ipynb'));
const hasJupyter = has(PYTHON, 'nbclient, nbconvert', 'npm test sets up .venv, where pip finds nbclient and nbconvert');

/** What a reader is promised, in the text of a notebook's outputs. */
const PROMISED: Record<string, RegExp[]> = {
  '01-first-run.ipynb': [/\b(98|99)\.\d\d % of 10,000 test images/, /Confusion matrix/],
  '02-one-batch.ipynb': [/gradients: 0/, /net\.conv2d_1\.kernel +0\n/, /parameters\.net\.conv2d_1\.kernel\.grad/],
  '03-change-a-run.ipynb': [
    /running true/,
    /'net\.dense_1\.kernel', 'net\.dense_1\.bias'/,
    /requiresGrad +true +false/,
  ],
  '04-rewind-fork-compare.ipynb': [/step 60 weights (\w+)\n[^]*step 60 weights \1\n/, /Runs compared/],
  '05-find-lr-and-batch-size.ipynb': [/steepest: 0\.\d+/, /\d+ fits, and the data module has it/],
  '06-callbacks.ipynb': [/stopped after \d+ epochs/, /400 predictions written/, /the disk caught fire/],
  '07-names.ipynb': [/\d+ of 200 are no names in the list: (\w+, ){10}/, /as it was:/],
  '08-resume.ipynb': [/the process ended with SIGKILL/, /the same bits: true/],
  '09-engines.ipynb': [/onnx +\d+/, /wasm +\d+/],
};

const joined = (text: unknown): string => (Array.isArray(text) ? text.join('') : String(text ?? ''));

function textOf(outputs: Output[]): string {
  return outputs.map(({ text, data }) => joined(text ?? data?.['text/plain'])).join('\n');
}

interface Cell {
  cell_type: string;
  outputs?: Output[];
}

const committed = (name: string): Output[][] =>
  (JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as { cells: Cell[] }).cells.flatMap(({ outputs }) =>
    outputs ? [outputs] : [],
  );

describe.each(NOTEBOOKS)('%s as it is in the repository', (name) => {
  it('has the outputs that its readers are promised, and no error, warning or path of a machine among them', () => {
    const outputs = committed(name).flat();
    for (const promise of PROMISED[name] ?? []) expect(textOf(outputs)).toMatch(promise);
    expect(PROMISED[name]).toBeDefined();
    expect(outputs.filter((output) => output.output_type === 'error' || output.name === 'stderr')).toEqual([]);
    expect(textOf(outputs)).not.toMatch(/\/(home|root|Users|work|tmp)\//);
    expect(JSON.stringify(outputs)).not.toMatch(/nothing to show yet|so far, but/);
  });
});

describe.skipIf(!hasJupyter)('a newcomer who runs', () => {
  let jupyter: Awaited<ReturnType<typeof installedKernel>>;
  beforeAll(async () => {
    jupyter = await installedKernel();
  });
  afterAll(() => jupyter.remove());

  it.each(NOTEBOOKS)('%s sees what it promises', async (name) => {
    const script = join(import.meta.dirname, 'execute_notebook.py');
    const { stdout, stderr, code } = await run(PYTHON, [script, join(FOLDER, name), 'strobe'], jupyter);
    expect(code, stderr).toBe(0);
    const { failed, cells } = JSON.parse(stdout) as { failed: string | null; cells: Output[][] };
    expect(failed).toBeNull();
    for (const promise of PROMISED[name] ?? []) expect(textOf(cells.flat())).toMatch(promise);
    // What a cell shows in the repository, it shows here: the same kinds of output in the same cells.
    const kinds = (outputs: Output[]) => [...new Set(outputs.flatMap(({ data }) => Object.keys(data ?? {})))].sort();
    expect(cells.map(kinds)).toEqual(committed(name).map(kinds));
  });
});

const SEEN = `(() => {
  const wide = [...document.querySelectorAll('.jp-OutputArea-output, .jp-OutputArea-output pre, .jp-MarkdownOutput')]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === 'visible')
    .map((element) => element.textContent.slice(0, 80));
  const pictures = [...document.querySelectorAll('.jp-OutputArea-output img, .jp-OutputArea-output svg')]
    .filter((element) => element.getBoundingClientRect().width > 100);
  return { page: document.documentElement.scrollWidth, width: innerWidth, wide, pictures: pictures.length };
})()`;

describe.skipIf(!hasJupyter || !CHROMIUM).each(['light', 'dark'] as const)(
  'a reader of the %s pages that nbconvert makes',
  (theme) => {
    let pages: string;
    beforeAll(async () => {
      pages = await mkdtemp(join(tmpdir(), 'strobe-pages-'));
      const files = NOTEBOOKS.map((name) => join(FOLDER, name));
      const args = ['-m', 'nbconvert', '--to', 'html', '--theme', theme, '--output-dir', pages, ...files];
      const { code, stderr } = await run(PYTHON, args, { env: process.env });
      expect(code, stderr).toBe(0);
      await mkdir(ARTEFACTS, { recursive: true });
    });
    afterAll(() => rm(pages, { recursive: true, force: true }));

    it('sees every plot, and nothing that overflows', async () => {
      const { context, close } = await openBrowser({ colorScheme: theme });
      try {
        for (const name of NOTEBOOKS) {
          const page = await context.newPage();
          await page.goto(pathToFileURL(join(pages, name.replace(/ipynb$/, 'html'))).href, { waitUntil: 'load' });
          const seen = await page.evaluate<{ page: number; width: number; wide: string[]; pictures: number }>(SEEN);
          const plots = committed(name)
            .flat()
            .filter(({ data }) => data?.['image/png']).length;
          expect(seen.pictures, name).toBeGreaterThanOrEqual(plots);
          expect(seen.wide, name).toEqual([]);
          expect(seen.page, name).toBeLessThanOrEqual(seen.width);
          const picture = join(ARTEFACTS, `${name.replace(/\.ipynb$/, '')}-${theme}.png`);
          await page.screenshot({ path: picture, fullPage: true });
          await page.close();
        }
      } finally {
        await close();
      }
    });
  },
);
