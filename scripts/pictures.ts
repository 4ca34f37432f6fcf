/**
 * Makes the pictures of README.md and docs/ from what the notebooks show: `npx tsx scripts/pictures.ts`, after
 * `scripts/run-notebooks.py`. It needs Debian's Chromium, and the .venv that `npm test` makes.
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openBrowser } from '../test/e2e/support/chromium.js';
import { PYTHON, run } from '../test/e2e/support/jupyter.js';
import { ROOT } from './docs-files.js';

interface Shot {
  /** Name of the picture. */
  name: string;
  notebook: string;
  /** What stands in the cell's code. */
  code: string;
  /** Only what the cell shows. */
  output?: boolean;
}

const SHOTS: Shot[] = [
  { name: 'training', notebook: '01-first-run', code: 'trainer.fit(model, data)' },
  { name: 'confusion-matrix', notebook: '01-first-run', code: 'confusionMatrix({', output: true },
  { name: 'gradients', notebook: '02-one-batch', code: "run.until('onAfterBackward')" },
  { name: 'compare', notebook: '04-rewind-fork-compare', code: 'compareRuns([', output: true },
  { name: 'lr-finder', notebook: '05-find-lr-and-batch-size', code: 'lrFind(trainer' },
];

const images = fileURLToPath(new URL('docs/images', ROOT));
await mkdir(images, { recursive: true });
const pages = await mkdtemp(join(tmpdir(), 'strobe-pictures-'));
const { context, close } = await openBrowser(
  { colorScheme: 'light', scripts: false },
  { viewport: { width: 900, height: 1000 } },
);
try {
  const files = [...new Set(SHOTS.map(({ notebook }) => notebook))].map((name) =>
    fileURLToPath(new URL(`notebooks/${name}.ipynb`, ROOT)),
  );
  const args = ['-m', 'nbconvert', '--to', 'html', '--output-dir', pages, ...files];
  const { code, stderr } = await run(PYTHON, args, { env: process.env });
  if (code !== 0) throw new Error(stderr);
  const page = await context.newPage();
  for (const { name, notebook, code: text, output = false } of SHOTS) {
    await page.goto(pathToFileURL(join(pages, `${notebook}.html`)).href);
    const cell = page.locator('.jp-CodeCell', { hasText: text }).first();
    const path = join(images, `${name}.png`);
    await (output ? cell.locator('.jp-Cell-outputWrapper') : cell).screenshot({ path });
    console.log(`docs/images/${name}.png: ${Math.round((await stat(path)).size / 1024)} KB`);
  }
} finally {
  await close();
  await rm(pages, { recursive: true, force: true });
}
