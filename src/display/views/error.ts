import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Drawable } from '../bundle.js';
import { escapeHtml } from '../escape.js';
import { preformatted, View } from './view.js';

/** The message, and behind it where the error came from: addresses, and files below the notebook's folder, are links. */
export function errorView(error: Error): View {
  const { name, message, stack = '', cause } = error;
  const [first = '', ...rest] = message.split('\n');
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return new View(
    name,
    [first],
    [
      rest.length > 0 ? linked(rest.join('\n')) : undefined,
      frames.length > 0 ? trace(frames) : undefined,
      cause instanceof Error ? errorView(cause) : undefined,
    ],
  );
}

function linked(text: string): Drawable {
  return { toText: () => text, toHtml: () => preformatted(withLinks(text)) };
}

function trace(frames: readonly string[]): Drawable {
  const text = frames.join('\n');
  return {
    toText: () => text,
    toHtml: () =>
      `<details><summary>where it came from</summary>${preformatted(frames.map(frameHtml).join('\n'))}</details>`,
  };
}

function withLinks(text: string): string {
  return escapeHtml(text).replace(/https?:\/\/[^\s<>"']+[^\s<>"'.,;:)]/g, (url) => `<a href="${url}">${url}</a>`);
}

/** A notebook opens files by their path from its own folder. */
function frameHtml(frame: string): string {
  const [, before = '', place = '', at = '', after = ''] =
    /^(.*?[( ])((?:file:\/\/)?\/[^():]+)((?::\d+){1,2})(.*)$/.exec(frame) ?? [];
  if (place === '') return withLinks(frame);
  const path = relative(process.cwd(), place.startsWith('file:') ? fileURLToPath(place) : place);
  if (path.startsWith('..') || isAbsolute(path)) return escapeHtml(frame);
  const href = path.split('/').map(encodeURIComponent).join('/');
  return `${escapeHtml(before)}<a href="${href}">${escapeHtml(path + at)}</a>${escapeHtml(after)}`;
}
