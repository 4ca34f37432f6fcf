import { existsSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BuildProgress, buildNative, removeNative, runStages } from '../../../src/backend/native/build.js';
import { inspectMachine } from '../../../src/backend/native/machine.js';
import { nativePaths } from '../../../src/backend/native/paths.js';
import type { BuildStage } from '../../../src/backend/native/stage.js';
import { freshState, readState, writeState } from '../../../src/backend/native/state.js';
import { temporaryFolder, temporaryPaths, unpackedTensorFlow } from './support.js';

const names = ['a', 'b', 'c', 'd'];

describe('a build in stages', () => {
  it('goes on where it was interrupted, and again from the first stage whose result is gone', async () => {
    const machine = await inspectMachine('/');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.constantFrom(...names), async (failing, lost) => {
        const paths = nativePaths({ STROBE_CACHE: temporaryFolder() });
        const made = new Set<string>();
        let ran: string[] = [];
        let broken = true;
        const stages: BuildStage[] = names.map((id) => ({
          id,
          title: id,
          stands: () => made.has(id),
          run: async () => {
            if (broken && id === failing) throw new Error('interrupted');
            ran.push(id);
            made.add(id);
          },
        }));
        const build = async () => {
          ran = [];
          const state = readState(paths.state) ?? freshState('cpu', null);
          await runStages(stages, { paths, state, machine });
        };

        await expect(build()).rejects.toThrow('interrupted');
        expect(ran).toEqual(names.slice(0, names.indexOf(failing)));
        broken = false;
        await build();
        expect(ran).toEqual(names.slice(names.indexOf(failing)));
        await build();
        expect(ran).toEqual([]);
        made.delete(lost);
        await build();
        expect(ran).toEqual(names.slice(names.indexOf(lost)));
      }),
      { numRuns: 16 },
    );
  });

  it('ends between stages when it is told to', async () => {
    const paths = temporaryPaths();
    const stop = new AbortController();
    const stage: BuildStage = {
      id: 'a',
      title: 'a',
      stands: () => true,
      run: async () => stop.abort(new Error('enough')),
    };
    const context = { paths, state: freshState('cpu', null), machine: await inspectMachine('/'), signal: stop.signal };
    await expect(runStages([stage, { ...stage, id: 'b' }], context)).rejects.toThrow('enough');
    expect(readState(paths.state)?.done).toEqual(['a']);
  });

  it('only plans in a dry run, and leaves no file', async () => {
    const paths = temporaryPaths();
    const progress: BuildProgress[] = [];
    await buildNative({
      paths,
      dryRun: true,
      variant: 'cpu',
      from: unpackedTensorFlow(),
      onProgress: (p) => progress.push(p),
    });
    expect(progress.map(({ stage, status }) => [stage, status])).toEqual([
      ['tensorflow', 'planned'],
      ['package', 'planned'],
      ['link', 'planned'],
      ['compile', 'planned'],
      ['trial', 'planned'],
    ]);
    expect(existsSync(paths.root)).toBe(false);
  });

  it('says what is wrong with the folder of --from, and keeps what was built before', async () => {
    const paths = temporaryPaths();
    const from = temporaryFolder();
    const built = { ...freshState('cpu', null), done: ['tensorflow', 'package'] };
    writeState(paths.state, built);
    await expect(buildNative({ paths, variant: 'cpu', from })).rejects.toThrow(/There is no TensorFlow in/);
    expect(readState(paths.state)).toEqual(built);
    expect(removeNative(paths)).toBe(true);
    expect(existsSync(paths.root)).toBe(false);
    expect(removeNative(paths)).toBe(false);
  });

  it('takes a wheel again when the installation it was built on is gone', async () => {
    const paths = temporaryPaths();
    const plans: (string | null)[] = [];
    const plan = async (from: string) => {
      writeState(paths.state, { ...freshState('cpu', from), done: [] });
      await buildNative({ paths, dryRun: true, variant: 'cpu', onProgress: ({ plan }) => plans.push(plan) });
      return plans.splice(0)[0];
    };
    const there = unpackedTensorFlow();
    expect(await plan(there)).toBe(`the one in ${there}`);
    expect(await plan('/nowhere')).toContain('tensorflow');
    expect(await plan('/nowhere')).toContain(paths.wheel);
  });
});

it('the state of a build is read back as written, and a damaged one counts as none', () => {
  const { state: file } = temporaryPaths();
  expect(readState(file)).toBeNull();
  const state = { ...freshState('cuda', '/opt/tf'), done: ['tensorflow'] };
  writeState(file, state);
  expect(readState(file)).toEqual(state);
  writeFileSync(file, '{"format": 1, "done": [');
  expect(readState(file)).toBeNull();
});

it('the cache folder is STROBE_CACHE, else in XDG_CACHE_HOME, else in the home folder', () => {
  expect(nativePaths({ STROBE_CACHE: '/a', XDG_CACHE_HOME: '/b' }).root).toBe('/a/native');
  expect(nativePaths({ XDG_CACHE_HOME: '/b' }).root).toBe('/b/strobe/native');
  expect(nativePaths({}).root).toMatch(/strobe\/native$/);
});
