// Makes what the build puts beside the code: plotly.js, minified and compressed, so that a notebook holds 2 MB of it, not 10.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const { transform } = createRequire(require.resolve('tsx/package.json'))('esbuild');
const folder = new URL('../dist/assets/', import.meta.url);

const source = await readFile(require.resolve('plotly.js-dist/plotly.js'), 'utf8');
const { code } = await transform(source, { minify: true, target: 'es2020', charset: 'ascii', legalComments: 'inline' });
const compressed = gzipSync(code, { level: 9 });
await mkdir(folder, { recursive: true });
await writeFile(new URL('plotly.min.js.gz', folder), compressed);
