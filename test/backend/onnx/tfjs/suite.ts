/**
 * TensorFlow.js's own tests, on the onnx engine: bundled and started by `run.ts`, because they are written for a bundler
 * and share the one copy of tfjs-core that they test. Writes what came of each to the file it is given.
 */
import { environment } from './jasmine.js';
import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { OnnxBackend, registerOnnxBackend } from '../../../../src/backend/onnx/index.js';
import { resolveOptions } from '../../../../src/backend/onnx/options.js';
import type { Result } from 'jasmine-core/lib/jasmine-core/jasmine.js';
import type { Outcome, Report } from './run.js';

const [, , file = '', smallWork = 'native'] = process.argv;
const name = 'onnx';

/** The tests throw the engine away after each group and make the next one. */
const engines: OnnxBackend[] = [];
tf.registerBackend(name, () => {
  const backend = new OnnxBackend(resolveOptions({ threads: 2 }));
  backend.recorder.smallWork.mode = smallWork as 'native' | 'javascript';
  engines.push(backend);
  return backend;
});
registerOnnxBackend({ name });
setTestEnvs([{ name, backendName: name, isDataSync: true }]);

const outcomes: Outcome[] = [];
const note = ({ fullName, status, failedExpectations }: Result) => {
  // Tests that need no engine are tfjs's affair; a group fails where it cannot be set up.
  const group = `${name} {}`;
  if (!fullName.includes(group)) return;
  const title = fullName.replace(group, '').replaceAll(/\s+/g, ' ');
  outcomes.push({ title, status, messages: failedExpectations.map(({ message }) => message) });
};

await import('@tensorflow/tfjs-core/dist/tests.js');
environment.configure({ random: false });
environment.addReporter({
  specDone: note,
  suiteDone: (group) => group.failedExpectations.length > 0 && note({ ...group, status: 'failed' }),
});
await environment.execute();

const runs = engines.reduce((sum, { recorder }) => sum + recorder.stats.runs, 0);
const interpreted = engines.reduce((sum, { recorder }) => sum + recorder.stats.interpreted, 0);
writeFileSync(file, JSON.stringify({ outcomes, runs, interpreted } satisfies Report));
process.exit(0);
