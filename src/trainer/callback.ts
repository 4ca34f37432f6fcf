import { ConfigurationError, StrobeError } from '../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Module } from '../module/module.js';
import type { CallbackHooks } from './hook-methods.js';
import type { Trainer } from './trainer.js';

/** The hooks a callback may define: all optional, synchronous or asynchronous. */
export interface Callback extends CallbackHooks {
  /** An error, or an interrupt, has ended the run. */
  onException?(trainer: Trainer, module: Module, error: unknown): unknown;
  /** May add to the checkpoint that is about to be written. */
  onSaveCheckpoint?(trainer: Trainer, module: Module, checkpoint: Checkpoint): unknown;
  /** Reads from a checkpoint what `onSaveCheckpoint` added. */
  onLoadCheckpoint?(trainer: Trainer, module: Module, checkpoint: Checkpoint): unknown;
  /** What must outlive the process: plain data and tensors, which stay yours. Left out of the checkpoint when empty. */
  stateDict?(): object;
  /** Takes back what `stateDict` gave; its tensors are yours. */
  loadStateDict?(state: never): void;
  /**
   * A copy for a fork of the run. Without it the fork shares the object: fields that are plain data, and what `stateDict`
   * gives, are each run's own all the same; define it for fields that are neither.
   */
  clone?(): Callback;
}

/**
 * When a callback is called, relative to the others, where the order matters:
 *
 * - `tuner`: first in every hook, since it may change what the others see;
 * - `plain`: in the order given;
 * - `monitor`: in the order given, but in `onTrainEpochEnd` after the module, so that it sees what the module logs there;
 * - `checkpoint`: last in every hook, so that what it saves is complete.
 */
export type CallbackKind = 'tuner' | 'plain' | 'monitor' | 'checkpoint';

/** Something that watches a run, or takes part in it, without being the model. */
export abstract class Callback {
  /** Where it stands among the others: see {@link CallbackKind}. Default `plain`. */
  get kind(): CallbackKind {
    return 'plain';
  }

  /** What the callback's state is filed under in a checkpoint. Override it when several of a class are used together. */
  get stateKey(): string {
    return this.constructor.name;
  }
}

const PLACES: Record<CallbackKind, number> = { tuner: 0, plain: 1, monitor: 1, checkpoint: 2 };

/** The callbacks of a trainer, in the order in which they are called. Changes take effect at the next hook. */
export class CallbackList extends Array<Callback> {
  // Array methods such as map and filter give plain arrays.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** A list of these callbacks. */
  static containing(callbacks: Iterable<Callback>): CallbackList {
    const list = new CallbackList();
    for (const callback of callbacks) list.add(callback);
    return list;
  }

  /** The first callback of a class (or a subclass of it). */
  get<C extends Callback>(type: abstract new (...args: never[]) => C): C | undefined {
    return this.find((callback): callback is C => callback instanceof type);
  }

  /** Puts it where its kind belongs: see {@link CallbackKind}. */
  add<C extends Callback>(callback: C): C {
    if (this.includes(callback)) {
      throw new ConfigurationError(
        StrobeError.compose(`This ${callback.constructor.name} is in the list already.`, {
          expected: 'each callback once',
          received: 'the same object twice',
          hint: 'make a second one if two are wanted',
        }),
      );
    }
    const place = PLACES[callback.kind];
    const after = this.findIndex((other) => PLACES[other.kind] > place);
    this.splice(after === -1 ? this.length : after, 0, callback);
    return callback;
  }

  /** Takes out a callback, or every callback of a class. Says whether there was one. */
  remove(what: Callback | (abstract new (...args: never[]) => Callback)): boolean {
    const goes = (callback: Callback) => (typeof what === 'function' ? callback instanceof what : callback === what);
    const stays = this.filter((callback) => !goes(callback));
    const removed = stays.length < this.length;
    this.splice(0, this.length, ...stays);
    return removed;
  }

  /** Each callback with a key of its own: see {@link keyed}. */
  keyed(): [key: string, callback: Callback][] {
    return keyed(this);
  }
}

/** Each callback with a key of its own: its state key, numbered when another callback before it has the same one. */
export function keyed(callbacks: readonly Callback[]): [key: string, callback: Callback][] {
  const used = new Map<string, number>();
  return callbacks.map((callback) => {
    const key = callback.stateKey;
    const count = (used.get(key) ?? 0) + 1;
    used.set(key, count);
    return [count === 1 ? key : `${key}#${count}`, callback];
  });
}
