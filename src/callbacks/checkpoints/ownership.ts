import type { Trainer } from '../../trainer/trainer.js';

/** Which run has saved which file: forks share a ModelCheckpoint, and may neither replace nor delete each other's files. */
export class Ownership {
  readonly #savedBy = new Map<string, Trainer>();
  #first: Trainer | undefined;

  /** A run that is no fork begins. What is not noted from here on is what it has resumed with: its own. */
  begin(trainer: Trainer): void {
    this.#first = trainer;
    this.#savedBy.clear();
  }

  note(path: string, trainer: Trainer): void {
    this.#savedBy.set(path, trainer);
  }

  forget(path: string): void {
    this.#savedBy.delete(path);
  }

  /** The path of a file that is this run's to replace; empty for another run's. */
  own(path: string, trainer: Trainer): string {
    return (this.#savedBy.get(path) ?? this.#first) === trainer ? path : '';
  }
}
