import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = new URL('..', import.meta.url);

/** Paths of README.md and of every page in docs/. */
export async function markdownFiles(): Promise<string[]> {
  const docs = fileURLToPath(new URL('docs', ROOT));
  const pages = (await readdir(docs, { recursive: true })).filter((name) => name.endsWith('.md')).sort();
  return [fileURLToPath(new URL('README.md', ROOT)), ...pages.map((name) => join(docs, name))];
}
