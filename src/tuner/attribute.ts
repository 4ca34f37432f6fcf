import { ConfigurationError, StrobeError } from '../errors.js';
import type { Session } from '../trainer/session.js';

/** A setting that modules and data modules keep, such as `batchSize` or `lr`: wherever it is kept, it is set. */
export class Attribute {
  readonly name: string;
  readonly #session: Session;

  /**
   * @param names the first of these that is there is the one
   * @throws ConfigurationError if none is
   */
  constructor(session: Session, names: readonly string[], owner: string) {
    this.#session = session;
    const name = names.find((each) => holdersOf(session, each).length > 0);
    if (name === undefined) throw nowhere(session, names, owner);
    this.name = name;
  }

  get value(): unknown {
    return holdersOf(this.#session, this.name)[0]?.[this.name];
  }

  set value(value: unknown) {
    for (const holder of holdersOf(this.#session, this.name)) holder[this.name] = value;
  }
}

/** The module, its hyper-parameters, the data module: in this order. */
function holdersOf({ module, data: { dataModule } }: Session, name: string): Record<string, unknown>[] {
  const places: (object | undefined)[] = [module, module.hparams, dataModule, dataModule?.hparams];
  return places.filter((place) => place !== undefined && name in place) as Record<string, unknown>[];
}

function nowhere({ module }: Session, names: readonly string[], owner: string): ConfigurationError {
  const fields = names.map((name) => `'${name}'`).join(', ');
  return new ConfigurationError(
    StrobeError.compose(`${owner}: module, hparams or data module should have one of these fields: ${fields}.`, {
      expected: `a field that learning rates or loaders are made with`,
      received: `${module.constructor.name} without one`,
      hint: `write ${module.constructor.name}.${names[0]} = ... and use it, or name another field`,
    }),
  );
}
