import type { Machine } from './machine.js';
import type { NativePaths } from './paths.js';
import type { BuildState } from './state.js';

/** What a build works with. */
export interface BuildContext {
  paths: NativePaths;
  state: BuildState;
  machine: Machine;
  signal?: AbortSignal | undefined;
}

/** One step of a build: done once, and done again only when its result is gone or something before it changed. */
export interface BuildStage {
  id: string;
  /** What it does, for people. */
  title: string;
  /** How it will go about it here. */
  plan?(context: BuildContext): string;
  /** Whether what it made is still there. */
  stands(context: BuildContext): boolean;
  run(context: BuildContext): Promise<void>;
}
