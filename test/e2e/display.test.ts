import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confusionMatrix, Figure, gradientFlow, imageGrid, lrFinderPlot, metricCurves, saveHtml } from 'strobe/display';
import * as tf from '@tensorflow/tfjs';
import { CHROMIUM, openBrowser, type Look } from './support/chromium.js';

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
async function withPage(html: string | Figure, look: Look, look2: (page: Page) => Promise<void>): Promise<void> {
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
    await look2(page);
    expect(wrong).toEqual([]);
  } finally {
    await close();
  }
}

const upgraded = (page: Page) => page.waitForSelector('.js-plotly-plot .main-svg', { timeout: 60_000 });

/** How many pixels of the page's picture differ from its ground: what a person sees of it. */
async function inkOf(page: Page): Promise<number> {
  const png = (await page.screenshot()).toString('base64');
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext('2d')!;
    pen.drawImage(image, 0, 0);
    const { data: pixels } = pen.getImageData(0, 0, image.width, image.height);
    let ink = 0;
    for (let i = 4; i < pixels.length; i += 4) {
      const off = [0, 1, 2].some((k) => Math.abs((pixels[i + k] ?? 0) - (pixels[k] ?? 0)) > 60);
      if (off) ink += 1;
    }
    return ink;
  }, png);
}

/** Contrast (WCAG) of a colour that an element has with the page's ground. */
async function contrastOf(page: Page, selector: string, property: 'fill' | 'color'): Promise<number> {
  return page.evaluate(
    ({ selector: of, property: name }) => {
      const rgb = (colour: string) => (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
      const light = (colour: string) => {
        const [r = 0, g = 0, b = 0] = rgb(colour).map((v) => ((v / 255 + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const element = document.querySelector(of);
      if (!element) throw new Error(`There is no ${of}.`);
      const one = light(getComputedStyle(element)[name]);
      const other = light(getComputedStyle(document.documentElement).backgroundColor);
      return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    },
    { selector, property },
  );
}

/** Texts that stick out of the figure. */
function overflowing(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const outer = document.querySelector('.js-plotly-plot')!.getBoundingClientRect();
    return [...document.querySelectorAll('.js-plotly-plot text')]
      .filter((text) => text.textContent !== '')
      .filter((text) => {
        const box = text.getBoundingClientRect();
        const out = Math.max(
          outer.left - box.left,
          box.right - outer.right,
          outer.top - box.top,
          box.bottom - outer.bottom,
        );
        return box.width > 0 && out > 2;
      })
      .map((text) => text.textContent);
  });
}

describe.skipIf(!CHROMIUM)('a figure on a page', () => {
  it.each(['light', 'dark'] as const)('is a picture where scripts may not run (%s)', async (colorScheme) => {
    const { context, close } = await openBrowser({ colorScheme });
    try {
      const page = await context.newPage();
      const html = FIGURES['metric curves']!.toHtml({ plotly: false }).replace(/<script>[\s\S]*?<\/script>/g, '');
      await page.setContent(`<meta name="color-scheme" content="light dark"><body>${html}</body>`);
      expect(await page.locator('img').evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth)).toBe(720);
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
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(800);
          expect(await overflowing(page)).toEqual([]);
          expect(await inkOf(page)).toBeGreaterThan(1000);
          expect(await contrastOf(page, '.strobe-figure', 'color')).toBeGreaterThan(7);
        });
      },
    );
  });

  it("follows the page's theme when it changes", async () => {
    await withPage(FIGURES['metric curves']!, { colorScheme: 'light' }, async (page) => {
      await upgraded(page);
      await page.evaluate(() => document.body.setAttribute('style', 'color: rgb(200, 210, 220)'));
      await page.waitForFunction(
        () => getComputedStyle(document.querySelector('.xtick text')!).fill === 'rgb(200, 210, 220)',
      );
    });
  });

  it('finds plotly that another output brings, before or after it, and leaves the page its module loader', async () => {
    const [first, second] = [FIGURES['a finder']!, FIGURES['metric curves']!];
    const loader =
      '<script>window.define = function () { throw new Error("not yours"); }; window.define.amd = {};</script>';
    const page1 = `<!doctype html>${loader}${first.toHtml({ plotly: false })}${second.toHtml({ plotly: true })}`;
    await withPage(page1, { colorScheme: 'light' }, async (page) => {
      await page.waitForFunction(() => document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4);
      expect(await page.evaluate(() => [typeof window, 'Plotly' in window, 'moduleName' in window])).toEqual([
        'object',
        false,
        false,
      ]);
    });
  });

  it('has its static text within the picture, whatever font the browser takes', async () => {
    for (const figure of Object.values(FIGURES)) {
      await withPage(
        `<!doctype html><body style="margin:0">${figure.toSvg()}`,
        { colorScheme: 'light' },
        async (page) => {
          const out = await page.evaluate(() => {
            const outer = document.querySelector('svg')!.getBoundingClientRect();
            return [...document.querySelectorAll('text')]
              .filter((text) => {
                const box = text.getBoundingClientRect();
                return box.left < outer.left - 1 || box.right > outer.right + 1 || box.bottom > outer.bottom + 1;
              })
              .map((text) => text.textContent);
          });
          expect(out).toEqual([]);
        },
      );
    }
  });
});
