import { describe, expect, it } from 'vitest';
import { type Diagnosis, toText } from '../../src/cli/doctor.js';
import { examineEngines } from '../../src/cli/doctor/engines.js';

const machine = {
  node: '22.1.0',
  npm: '11.0.0',
  system: 'Linux 6.1 x64',
  cores: 8,
  processor: 'A processor',
  memoryGiB: 32,
  features: ['avx2', 'fma'],
};

const diagnosis: Diagnosis = {
  strobe: '1.2.3',
  tfjs: '4.22.0',
  machine,
  gpus: [],
  jupyter: { version: null, kernel: null, remedy: 'pip install jupyterlab' },
  chosen: { name: 'wasm', reason: 'the fastest that works here', skipped: [], threads: 1 },
  engines: [],
};

describe('a diagnosis for people', () => {
  it('names versions, machine, and the engine that is taken', () => {
    const text = toText(diagnosis);
    expect(text).toMatch(/^strobe +1\.2\.3$/m);
    expect(text).toMatch(/^node +22\.1\.0, npm 11\.0\.0, on Linux 6\.1 x64$/m);
    expect(text).toMatch(/^machine +8 cores \(A processor\), 32 GiB: avx2 fma$/m);
    expect(text).toMatch(/^gpu +none found by nvidia-smi$/m);
    expect(text).toMatch(/^jupyter +not found; to get it: pip install jupyterlab$/m);
    expect(text).toMatch(/^engine +wasm \(the fastest that works here\), 1 thread$/m);
  });

  it('says what is wrong with a kernel, and what to run', () => {
    const kernel = { folder: '/share/strobe', missing: '/gone/main.js' };
    const text = toText({ ...diagnosis, jupyter: { version: '5.8.1', kernel, remedy: 'strobe kernel install' } });
    expect(text).toContain('strobe, in /share/strobe, but /gone/main.js is gone; to get it: strobe kernel install');
  });

  it('says when nothing can train', () => {
    expect(toText({ ...diagnosis, chosen: null })).toContain('none: nothing can train here');
  });
});

describe('engines', () => {
  it('are all named, with what to run for each that does not work', async () => {
    const skipped = [{ name: 'onnx', why: 'its library cannot be loaded' }];
    const engines = await examineEngines(skipped, 'wasm');
    expect(engines.map(({ name }) => name)).toEqual(['gpu', 'onnx', 'native', 'wasm', 'cpu']);
    expect(engines.find(({ name }) => name === 'onnx')).toMatchObject({
      available: false,
      why: 'its library cannot be loaded',
      remedy: expect.stringMatching(/^npm install/),
    });
    expect(engines.filter((engine) => engine.chosen).map(({ name }) => name)).toEqual(['wasm']);
    for (const { available, why, remedy } of engines) {
      expect(why === null).toBe(available);
      expect(remedy === null).toBe(available);
    }
    expect(engines[0]?.note).toContain('not tested on hardware');
  });
});
