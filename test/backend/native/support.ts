import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { nativePaths, type NativePaths } from '../../../src/backend/native/paths.js';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'strobe-native-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function temporaryPaths(): NativePaths {
  return nativePaths({ STROBE_CACHE: temporaryFolder() });
}

/** Empty files, and the folders above them. */
export function touch(...files: string[]): void {
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
  }
}

/** The files of an unpacked libtensorflow that a build looks for, empty. */
export function unpackedTensorFlow(): string {
  const folder = temporaryFolder();
  const files = ['include/tensorflow/c/c_api.h', 'lib/libtensorflow.so.2', 'lib/libtensorflow_framework.so.2'];
  touch(...files.map((file) => join(folder, file)));
  return folder;
}
