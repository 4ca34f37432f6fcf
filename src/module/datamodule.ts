import type { Loader } from '../data/index.js';
import type { Stage } from '../trainer/hooks.js';

/** The data of an experiment in one place: where they come from, how they are split, how they are loaded. */
export interface DataModule {
  /** Settings that go to the loggers, together with the module's. */
  readonly hparams?: Record<string, unknown>;
  /** Downloads and the like; runs before everything else. */
  prepareData?(): void | Promise<void>;
  setup?(stage: Stage): void | Promise<void>;
  trainDataloader?(): Loader;
  valDataloader?(): Loader | Loader[];
  testDataloader?(): Loader | Loader[];
  predictDataloader?(): Loader | Loader[];
  teardown?(stage: Stage): void | Promise<void>;
  /** State that checkpoints carry, under the class's name: plain data and tensors. */
  stateDict?(): unknown;
  loadStateDict?(state: unknown): void;
  onException?(error: unknown): void | Promise<void>;
}

export abstract class DataModule {}
