import { crc32, deflateSync } from 'node:zlib';
import type { Picture } from './spec.js';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

/** Pixels as a PNG file: eight bits a channel, unfiltered. */
export function encodePng({ width, height, rgba }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const stride = width * 4;
  // Every row begins with the number of its filter: 0, none.
  const rows = Buffer.alloc(height * (stride + 1));
  for (let y = 0; y < height; y++) rows.set(rgba.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.of()),
  ]);
}

/**
 * A picture as the address of an image, its pixels made into squares large enough to be shown `size` wide: browsers and
 * renderers would blur them, and a blurred digit looks like another digit.
 */
export function pictureAddress(picture: Picture, size: number): string {
  const factor = Math.max(1, Math.ceil((1.5 * size) / picture.width));
  return `data:image/png;base64,${encodePng(enlarged(picture, factor)).toString('base64')}`;
}

function enlarged({ width, height, rgba }: Picture, factor: number): Picture {
  const pixels = new Uint32Array(rgba.slice().buffer);
  const larger = new Uint32Array(pixels.length * factor ** 2);
  for (let y = 0; y < height * factor; y++) {
    const row = Math.floor(y / factor) * width;
    for (let x = 0; x < width * factor; x++) larger[y * width * factor + x] = pixels[row + Math.floor(x / factor)] ?? 0;
  }
  return { width: width * factor, height: height * factor, rgba: new Uint8Array(larger.buffer) };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, check]);
}
