import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  confusionMatrix,
  type Figure,
  gradientFlow,
  imageGrid,
  lrFinderPlot,
  metricCurves,
  saveHtml,
} from 'strobe/display';
import * as tf from '@tensorflow/tfjs';
import { CHROMIUM, openBrowser, type Look } from './support/chromium.js';
import { contrastOf, inkOf, overflowing } from './support/seen.js';

const rows = Array.from({ length: 300 }, (_, step) => ({
  step,
  epoch: Math.floor(step / 100),
  train_loss: 2 * 0.99 ** step + 0.1 * Math.sin(step * 7),
  ...(step % 100 === 99 ? { val_loss: 2 * 0.99 ** step, val_acc: step / 300 } : {}),
}));

const FIGURES: Record<string, Figure> = {
  'metric curves': metricCurves(rows, { title: 'Digits' }),
  'a finder': lrFinderPlot({
    lrs: [1e-4, 1e-3, 1e-2],
    losses: [3, 1, 2],
    suggestions: { steepest: 3e-4, valley: 1e-3 },
  }),
  'a confusion matrix': confusionMatrix(
    { targets: [0, 1, 2, 1], predictions: [0, 1, 2, 2] },
    { classes: ['tabby cat', 'golden retriever', 'aeroplane'] },
  ),
  'a gradient flow': gradientFlow({
    'net.a_rather_long_path.of.nested.modules.attention.query.kernel': tf.ones([3]),
    bias: tf.tensor([1e-6]),
  }),
  pictures: imageGrid(tf.randomUniform([12, 8, 8], 0, 1, 'float32', 1), { labels: tf.zeros([12], 'int32') }),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-display-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Opens a page, and fails on any error of its scripts and any request beyond the file itself. */
async function withPage(html: string | Figure, look: Look, see: (page: Page) => Promise<void>): Promise<void> {
  const path = join(folder, 'page.html');
  if (typeof html === 'string') await writeFile(path, html);
  else await saveHtml(html, path);
  const { context, close } = await openBrowser(look);
  try {
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('request', (request) => /^https?:/.test(request.url()) && wrong.push(request.url()));
    await page.goto(pathToFileURL(path).href);
    await see(page);
    expect(wrong).toEqual([]);
  } finally {
    await close();
  }
}

const upgraded = (page: Page) => page.waitForSelector('.js-plotly-plot .main-svg', { timeout: 60_000 });

describe.skipIf(!CHROMIUM)('a figure on a page', () => {
  it.each(['light', 'dark'] as const)('is a picture where scripts may not run (%s)', async (colorScheme) => {
    const { context, close } = await openBrowser({ colorScheme });
    try {
      const page = await context.newPage();
      const html = FIGURES['metric curves']!.toHtml({ plotly: false }).replace(/<script>[\s\S]*?<\/script>/g, '');
      await page.setContent(`<meta name="color-scheme" content="light dark"><body>${html}</body>`);
      expect(await page.evaluate(`document.querySelector('img').naturalWidth`)).toBe(720);
      expect(await inkOf(page)).toBeGreaterThan(2000);
    } finally {
      await close();
    }
  });

  describe.each(Object.entries(FIGURES))('%s', (_name, figure) => {
    it.each(['light', 'dark'] as const)(
      'is drawn by plotly, legible, and within its bounds (%s)',
      async (colorScheme) => {
        await withPage(figure, { colorScheme }, async (page) => {
          await upgraded(page);
          expect(await page.locator('.strobe-figure > img').isVisible()).toBe(false);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(800);
          expect(await overflowing(page, '.js-plotly-plot')).toEqual([]);
          expect(await inkOf(page)).toBeGreaterThan(1000);
          expect(await contrastOf(page, '.strobe-figure')).toBeGreaterThan(7);
        });
      },
    );
  });

  it("follows the page's theme when it changes", async () => {
    await withPage(FIGURES['metric curves']!, { colorScheme: 'light' }, async (page) => {
      await upgraded(page);
      await page.evaluate(`document.body.setAttribute('style', 'color: rgb(200, 210, 220)')`);
      await page.waitForFunction(
        `getComputedStyle(document.querySelector('.xtick text')).fill === 'rgb(200, 210, 220)'`,
      );
    });
  });

  it('finds plotly that another output brings, before or after it, and leaves the page its module loader', async () => {
    const [first, second] = [FIGURES['a finder']!, FIGURES['metric curves']!];
    const loader =
      '<script>window.define = function () { throw new Error("not yours"); }; window.define.amd = {};</script>';
    const page1 = `<!doctype html>${loader}${first.toHtml({ plotly: false })}${second.toHtml({ plotly: true })}`;
    await withPage(page1, { colorScheme: 'light' }, async (page) => {
      await page.waitForFunction(`document.querySelectorAll('.js-plotly-plot').length === 2`);
      expect(await page.evaluate(`'Plotly' in window || 'moduleName' in window`)).toBe(false);
    });
  });

  it('has its static text within the picture, whatever font the browser takes', async () => {
    for (const figure of Object.values(FIGURES)) {
      await withPage(
        `<!doctype html><body style="margin:0">${figure.toSvg()}`,
        { colorScheme: 'light' },
        async (page) => {
          expect(await overflowing(page, 'svg')).toEqual([]);
        },
      );
    }
  });
});
