import * as tf from '@tensorflow/tfjs-core';
import { isPromise } from './batch.js';
import type { BatchIterator } from './loader.js';

/**
 * Walks batches that can be made by number, with up to `ahead` more under way than were asked for. Only what takes
 * time is made ahead: a batch that is there at once is made when its turn comes.
 *
 * An error is thrown where its batch was due, and ends the iteration.
 */
export class BatchesAhead<B> implements BatchIterator<B> {
  readonly #make: (index: number) => B | Promise<B>;
  readonly #end: number;
  readonly #ahead: number;
  readonly #underWay: Promise<B>[] = [];
  #next: number;

  constructor(make: (index: number) => B | Promise<B>, from: number, end: number, ahead: number) {
    this.#make = make;
    this.#next = from;
    this.#end = end;
    this.#ahead = ahead;
  }

  next(): IteratorResult<B, undefined> | Promise<IteratorResult<B, undefined>> {
    let due: B | Promise<B> | undefined = this.#underWay.shift();
    if (due === undefined) {
      if (this.#next >= this.#end) return { done: true, value: undefined };
      due = this.#make(this.#next++);
    }
    if (!isPromise(due)) return { done: false, value: due };
    this.#fill();
    return this.#arrival(due);
  }

  /** Disposes what was made ahead as it arrives. */
  return(): IteratorResult<B, undefined> {
    this.#next = this.#end;
    for (const batch of this.#underWay.splice(0)) {
      // What goes wrong in a batch that nobody will see is nobody's concern.
      void batch.then(
        (made) => tf.dispose(made as tf.TensorContainer),
        () => undefined,
      );
    }
    return { done: true, value: undefined };
  }

  async #arrival(due: Promise<B>): Promise<IteratorResult<B, undefined>> {
    try {
      return { done: false, value: await due };
    } catch (error) {
      this.return();
      throw error;
    }
  }

  #fill(): void {
    while (this.#underWay.length < this.#ahead && this.#next < this.#end) {
      const index = this.#next++;
      const batch = new Promise<B>((resolve) => resolve(this.#make(index)));
      // Node would call an error unhandled that comes before its batch is due.
      batch.catch(() => undefined);
      this.#underWay.push(batch);
    }
  }
}
