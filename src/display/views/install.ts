import { Module } from '../../module/module.js';
import { Parameter } from '../../module/parameter.js';
import { LRScheduler } from '../../optim/lr/scheduler.js';
import { Optimizer } from '../../optim/optimizer.js';
import { Run } from '../../run/run.js';
import { Callback, CallbackList } from '../../trainer/callback.js';
import { Trainer } from '../../trainer/trainer.js';
import { SHOW, type Drawable, type MimeBundle, type Showable } from '../bundle.js';
import { callbacksTable } from '../tables/callbacks.js';
import { callbackView } from './callback.js';
import { moduleView, parameterView } from './module.js';
import { optimizerView, schedulerView } from './optimizer.js';
import { runView, trainerView } from './run.js';

// What trains knows nothing of notebooks: its classes get their looks here.

function looksLike<T extends object>(
  type: abstract new (...args: never[]) => T,
  view: (object: T) => Drawable & Showable,
): void {
  // Like a method, it is not among the fields, and a subclass may have its own.
  const hidden = { configurable: true, writable: true, enumerable: false };
  Object.defineProperties(type.prototype, {
    [SHOW]: { ...hidden, value: show },
  });
  function show(this: T): MimeBundle {
    return view(this)[SHOW]();
  }
}

looksLike(Callback, callbackView);
looksLike(CallbackList, (callbacks) => callbacksTable({ callbacks }));
looksLike(LRScheduler, schedulerView);
looksLike(Module, moduleView);
looksLike(Optimizer, optimizerView);
looksLike(Parameter, parameterView);
looksLike(Run, runView);
looksLike(Trainer, trainerView);
