import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';

/** What came of one test. */
export interface Outcome {
  title: string;
  status: 'passed' | 'failed' | 'pending' | 'excluded';
  messages: string[];
}

export interface Report {
  outcomes: Outcome[];
  /** Native calls that were made. */
  runs: number;
  /** Traces that the cpu kernels computed, because they were small. */
  interpreted: number;
}

const require = createRequire(import.meta.url);
const folderOf = (name: string) => dirname(require.resolve(`${name}/package.json`));

/** The tests import tfjs-core file by file; everything else shall get the same files. */
const oneCore: Plugin = {
  name: 'one-core',
  setup({ onResolve }) {
    const core = folderOf('@tensorflow/tfjs-core');
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: join(core, 'dist/index.js') }));
    onResolve({ filter: /^@tensorflow\/tfjs-core\/dist\// }, ({ path }) => ({
      path: join(core, path.replace('@tensorflow/tfjs-core/', '')).replace(/(\.js)?$/, '.js'),
    }));
    onResolve({ filter: /^@tensorflow\/tfjs-backend-cpu$/ }, () => ({
      path: join(folderOf('@tensorflow/tfjs-backend-cpu'), 'dist/index.js'),
    }));
  },
};

/** Runs the operation tests that TensorFlow.js publishes with its package, in a process of their own. */
export async function runTfjsTests(smallWork: 'native' | 'javascript'): Promise<Report> {
  // Below `node_modules`, so that the bundle finds onnxruntime-node.
  const cache = fileURLToPath(new URL('../../../../node_modules/.cache/strobe', import.meta.url));
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'tfjs-tests-'));
  try {
    const program = join(folder, 'suite.mjs');
    const report = join(folder, 'report.json');
    await build({
      entryPoints: [fileURLToPath(new URL('suite.ts', import.meta.url))],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // tfjs-core says its files have no side effects; tests are nothing else.
      ignoreAnnotations: true,
      external: ['onnxruntime-node', 'onnxruntime-common'],
      plugins: [oneCore],
      banner: {
        js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
      },
      logLevel: 'error',
    });
    await promisify(execFile)(process.execPath, [program, report, smallWork], { maxBuffer: 2 ** 28 });
    return JSON.parse(await readFile(report, 'utf8')) as Report;
  } finally {
    await rm(folder, { recursive: true });
  }
}
