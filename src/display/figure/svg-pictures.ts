import type { PicturesPanel } from './spec.js';
import { BAD, GOOD, INK } from './palette.js';
import { pictureAddress } from './png-file.js';
import { fitText, px, rect, text, type Drawn } from './svg-text.js';

const GAP = 6;
const LARGEST = 120;

export function picturesPanel({ title, pictures, columns }: PicturesPanel, width: number): Drawn {
  const elements: string[] = [];
  let top = 6;
  if (title) {
    elements.push(text(0, top + 10, fitText(title, 13, width), { size: 13, bold: true }));
    top += 22;
  }
  const size = Math.min(LARGEST, (width - GAP * (columns - 1)) / columns);
  const captions = pictures.some(({ caption }) => caption !== undefined) ? 18 : 0;
  pictures.forEach((picture, i) => {
    const [x, y] = [(i % columns) * (size + GAP), top + Math.floor(i / columns) * (size + captions + GAP)];
    const share = Math.min(size / picture.width, size / picture.height);
    const [w, h] = [picture.width * share, picture.height * share];
    const href = pictureAddress(picture, w);
    const place = `x="${px(x + (size - w) / 2)}" y="${px(y + (size - h) / 2)}" width="${px(w)}" height="${px(h)}"`;
    elements.push(`<image ${place} href="${href}"/>`);
    const tone = picture.tone && { good: GOOD, bad: BAD }[picture.tone];
    elements.push(
      rect(
        x + 1,
        y + 1,
        size - 2,
        size - 2,
        `fill="none" stroke="${tone ?? INK}" stroke-opacity="${tone ? 1 : 0.3}"${tone ? ' stroke-width="2"' : ''}`,
      ),
    );
    if (picture.caption === undefined) return;
    const colour = tone ? { colour: tone, bold: picture.tone === 'bad' } : {};
    elements.push(
      text(x + size / 2, y + size + 14, fitText(picture.caption, 11, size), { anchor: 'middle', ...colour }),
    );
  });
  return { height: top + Math.ceil(pictures.length / columns) * (size + captions + GAP), elements };
}
