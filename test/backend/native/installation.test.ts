import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findInstallation } from '../../../src/backend/native/installation.js';
import { bindingFile, packageFolder } from '../../../src/backend/native/paths.js';
import { freshState, writeState } from '../../../src/backend/native/state.js';
import { temporaryFolder, temporaryPaths, touch } from './support.js';

it('an engine that cannot be loaded says why, and what to run', () => {
  const paths = temporaryPaths();
  const tensorflow = temporaryFolder();
  const library = { include: tensorflow, main: join(tensorflow, 'main'), framework: join(tensorflow, 'framework') };
  expect(findInstallation(paths)).toBe('it has not been built: strobe native build');

  const state = { ...freshState('cpu', null), library, done: ['tensorflow', 'package', 'link'] };
  writeState(paths.state, state);
  expect(findInstallation(paths)).toBe(
    'its build stopped before "compile the addon": strobe native build goes on from there',
  );

  const tried = { version: '2.21.0', gpu: false, deviation: 0 };
  writeState(paths.state, { ...state, done: [...state.done, 'compile', 'trial'], tried });
  expect(findInstallation(paths)).toMatch(/^the TensorFlow it was built on is gone \(.*\): strobe native build$/);

  touch(library.main, library.framework);
  expect(findInstallation(paths)).toMatch(/^its addon is gone/);

  touch(bindingFile(packageFolder(paths)));
  expect(findInstallation(paths)).toMatchObject({ source: 'build', version: '2.21.0', variant: 'cpu' });

  rmSync(tensorflow, { recursive: true });
  expect(findInstallation(paths)).toMatch(/is gone/);
});
