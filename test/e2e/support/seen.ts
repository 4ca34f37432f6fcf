import type { Page } from 'playwright-core';

// What runs in the page is text here: the project is compiled without the browser's types.

/** How many pixels of the page's picture differ from its ground: what a person sees of it. */
export async function inkOf(page: Page): Promise<number> {
  const png = (await page.screenshot()).toString('base64');
  return page.evaluate<number>(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png}';
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, image.width, image.height);
    let ink = 0;
    for (let i = 4; i < data.length; i += 4) {
      if ([0, 1, 2].some((k) => Math.abs(data[i + k] - data[k]) > 60)) ink += 1;
    }
    return ink;
  })()`);
}

/** Contrast (WCAG 2) between an element's text and what is behind it. */
export async function contrastOf(page: Page, selector: string): Promise<number> {
  return page.evaluate<number>(`(() => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => ((v / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const text = light(getComputedStyle(document.querySelector('${selector}')).color);
    let behind = document.querySelector('${selector}');
    const groundOf = (element) => getComputedStyle(element).backgroundColor;
    while (behind.parentElement && groundOf(behind) === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    const ground = light(groundOf(behind) === 'rgba(0, 0, 0, 0)' ? 'rgb(255, 255, 255)' : groundOf(behind));
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  })()`);
}

/** Texts in a box that stick out of it. */
export async function overflowing(page: Page, box: string): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const outer = document.querySelector('${box}').getBoundingClientRect();
    const sticksOut = (text) => {
      const { left, right, top, bottom, width } = text.getBoundingClientRect();
      return width > 0 && Math.max(outer.left - left, right - outer.right, outer.top - top, bottom - outer.bottom) > 2;
    };
    return [...document.querySelectorAll('${box} text')].filter(sticksOut).map((text) => text.textContent);
  })()`);
}
