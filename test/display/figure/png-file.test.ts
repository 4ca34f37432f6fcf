import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodePng } from '../../../src/display/figure/png-file.js';
import { pngOf } from '../../../src/display/figure/png.js';

const picture = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 })
      .map((rgba) => ({ width, height, rgba })),
  );

/** The chunks of a PNG file by type. */
function chunksOf(png: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}

it('holds every pixel of a picture', () => {
  fc.assert(
    fc.property(picture, ({ width, height, rgba }) => {
      const chunks = chunksOf(encodePng({ width, height, rgba }));
      const header = chunks.get('IHDR') as Buffer;
      expect([header.readUInt32BE(0), header.readUInt32BE(4), ...header.subarray(8)]).toEqual([
        width,
        height,
        8,
        6,
        0,
        0,
        0,
      ]);
      const rows = inflateSync(chunks.get('IDAT') as Buffer);
      const pixels = rows.filter((_, i) => i % (width * 4 + 1) !== 0);
      expect([...pixels]).toEqual([...rgba]);
    }),
  );
});

it('is a file that others read: a red picture in an SVG makes red pixels', () => {
  const red = encodePng({ width: 1, height: 1, rgba: new Uint8Array([255, 0, 0, 255]) }).toString('base64');
  const svg = (image: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4">${image}</svg>`;
  const image = `<image width="4" height="4" href="data:image/png;base64,${red}"/>`;
  const rect = '<rect width="4" height="4" fill="#ff0000"/>';
  expect(pngOf(svg(image), '#ffffff')).toEqual(pngOf(svg(rect), '#ffffff'));
});
