import type { Loader } from '../data/index.js';
import type { Stage } from '../trainer/hooks.js';

/** The data of an experiment in one place: where they come from, how they are split, how they are loaded. */
export interface DataModule {
  /** Settings that go to the loggers, together with the module's. */
  readonly hparams?: Record<string, unknown>;
  /** Downloads and the like; runs before everything else. */
  prepareData?(): void | Promise<void>;
  /** Makes the data ready for a stage; runs before the loaders are asked for. */
  setup?(stage: Stage): void | Promise<void>;
  /** The training data. */
  trainDataloader?(): Loader;
  /** The validation data: one loader or several. */
  valDataloader?(): Loader | Loader[];
  /** The data of a test: one loader or several. */
  testDataloader?(): Loader | Loader[];
  /** What to predict: one loader or several. */
  predictDataloader?(): Loader | Loader[];
  /** The counterpart of `setup`, at the end of the stage. */
  teardown?(stage: Stage): void | Promise<void>;
  /** State that checkpoints carry, under the class's name: plain data and tensors, which stay yours. */
  stateDict?(): unknown;
  /** Takes back what `stateDict` gave; its tensors are yours. */
  loadStateDict?(state: unknown): void;
  /** An error, or an interrupt, has ended the run. */
  onException?(error: unknown): void | Promise<void>;
}

export abstract class DataModule {}
