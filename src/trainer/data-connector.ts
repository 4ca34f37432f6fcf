import { ConfigurationError, describe, StrobeError } from '../errors.js';
import { DataLoader, validateLoader, type Loader } from '../data/index.js';
import { DataModule } from '../module/datamodule.js';
import type { Module } from '../module/module.js';
import { isPlainRecord } from '../tensors/tree.js';
import { isLoader } from './batch-source.js';
import type { Stage } from './hooks.js';

export type DataKind = 'train' | 'val' | 'test' | 'predict';

/** What can be passed to `fit`, `validate`, `test` and `predict` as data. */
export type DataInput =
  | DataModule
  | Loader
  | Loader[]
  | {
      /** What is trained on. */
      train?: Loader;
      /** What is validated on: one loader, or several in turn. */
      val?: Loader | Loader[];
      /** What is tested on. */
      test?: Loader | Loader[];
      /** What is predicted on. */
      predict?: Loader | Loader[];
    };

const METHODS = {
  train: 'trainDataloader',
  val: 'valDataloader',
  test: 'testDataloader',
  predict: 'predictDataloader',
} as const;
const OWN_KIND: Record<Stage, DataKind> = { fit: 'train', validate: 'val', test: 'test', predict: 'predict' };

/** Finds the loaders: in the call's arguments, in a data module, or on the module. Each is asked for once. */
export class DataConnector {
  readonly dataModule: DataModule | undefined;
  readonly #stage: Stage;
  readonly #data: DataInput | undefined;
  readonly #given: Partial<Record<DataKind, Loader | Loader[]>> = {};
  readonly #module: Module;
  readonly #cache = new Map<DataKind, Loader[]>();
  #users = 1;

  constructor(module: Module, stage: Stage, data: DataInput | undefined) {
    this.#module = module;
    this.#stage = stage;
    this.#data = data;
    if (data === undefined) return;
    if (isDataModule(data)) this.dataModule = data;
    else if (isLoader(data) || Array.isArray(data)) this.#given[OWN_KIND[stage]] = data as Loader | Loader[];
    else if (isPlainRecord(data)) this.#given = checkRecord(data);
    else throw wrongData(data);
  }

  /** Whether there are any loaders of this kind; asks for none. */
  has(kind: DataKind): boolean {
    return this.#given[kind] !== undefined || this.#source(kind) !== undefined;
  }

  loaders(kind: DataKind): Loader[] {
    let loaders = this.#cache.get(kind);
    if (!loaders) this.#cache.set(kind, (loaders = this.#ask(kind)));
    return loaders;
  }

  /** Whether the loaders of this kind were passed in the call: nobody can be asked for others. */
  given(kind: DataKind): boolean {
    return this.#given[kind] !== undefined;
  }

  /** One more run goes on with this data. */
  share(): void {
    this.#users += 1;
  }

  /** A run is done with it. True for the last of them: then the data module is torn down. */
  release(): boolean {
    this.#users -= 1;
    return this.#users === 0;
  }

  /** The same sources, asked again. */
  anew(): DataConnector {
    return new DataConnector(this.#module, this.#stage, this.#data);
  }

  /** The next `loaders(kind)` asks again. */
  forget(kind: DataKind): void {
    this.#cache.delete(kind);
  }

  #source(kind: DataKind): (() => unknown) | undefined {
    const method = METHODS[kind];
    const { dataModule } = this;
    if (dataModule?.[method]) return () => dataModule[method]?.();
    if (this.#module[method]) return () => this.#module[method]?.();
    return undefined;
  }

  #ask(kind: DataKind): Loader[] {
    const found = this.#given[kind] ?? this.#source(kind)?.();
    if (found === undefined) return [];
    // An array of loaders is several loaders. An array of arrays is one: its items are batches such as [x, y].
    const several =
      kind !== 'train' &&
      Array.isArray(found) &&
      found.length > 0 &&
      found.every((item) => isLoader(item) && !Array.isArray(item));
    if (kind === 'train' && Array.isArray(found) && found.some((item) => item instanceof DataLoader))
      throw notOne(found);
    const loaders = several ? found : [found];
    return loaders.map((loader, i) =>
      validateLoader(loader, loaders.length > 1 ? `${kind} loader ${i}` : `the ${kind} loader`),
    );
  }
}

function isDataModule(data: unknown): data is DataModule {
  if (data instanceof DataModule) return true;
  if (typeof data !== 'object' || data === null) return false;
  return Object.values(METHODS).some((method) => typeof (data as Record<string, unknown>)[method] === 'function');
}

function checkRecord(data: Record<string, unknown>): Partial<Record<DataKind, Loader | Loader[]>> {
  const unknown = Object.keys(data).filter((key) => !Object.hasOwn(METHODS, key));
  if (unknown.length > 0 || Object.keys(data).length === 0) throw wrongData(data);
  return Object.fromEntries(Object.entries(data).filter(([, loader]) => loader !== undefined));
}

function wrongData(data: unknown): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('This is not data that can be trained on.', {
      expected: 'a loader, { train, val }, or a DataModule',
      received: describe(data),
      hint: 'e.g. trainer.fit(model, { train: new DataLoader(dataset, { batchSize: 64, shuffle: true }) })',
    }),
  );
}

function notOne(loaders: unknown[]): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('Training takes one loader.', {
      expected: 'a DataLoader, or an Iterable or AsyncIterable of batches',
      received: `${loaders.length} loaders in an array`,
      hint: 'make one dataset of theirs, or an iterable that takes a batch of each in turn',
    }),
  );
}
