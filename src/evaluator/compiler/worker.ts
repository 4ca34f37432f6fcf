import { parentPort, workerData } from 'node:worker_threads';
import { complete } from './complete.js';
import { collectWhenIdle } from '../garbage.js';
import { inspect } from './inspect.js';
import { isComplete } from './is-complete.js';
import { Language } from './language.js';
import type { CompilerMethods, CompilerSettings } from './protocol.js';
import { rewrite } from './rewrite.js';

/** The types of packages are read when nobody has asked for anything for so long (ms). */
const IDLE = 300;

/** Garbage that may gather while cell follows cell (bytes): to collect it takes a tenth of a second, to have it much memory. */
const MOST_LITTER = 20 * 2 ** 20;

/** The compiler's thread: types are looked at here while the main thread computes. Calls are answered in their order. */
const settings = workerData as CompilerSettings;
const language = new Language(settings);

const methods: CompilerMethods = {
  rewrite: ({ path, text, known, unit }) => rewrite(path, text, new Set(known), unit),
  check: ({ id, text, live }) => language.check(id, text, live),
  settle: ({ id, live }) => language.settle(id, live),
  complete: ({ text, cursor, live }) => complete(language.open(text, live, true), text, cursor),
  inspect: ({ text, cursor, live }) => inspect(language.open(text, live), cursor),
  isComplete,
  reset: () => language.reset(),
};

parentPort?.on('message', ({ id, method, value }: { id: number; method: keyof CompilerMethods; value: never }) => {
  try {
    parentPort?.postMessage({ id, value: methods[method](value) });
  } catch (error) {
    parentPort?.postMessage({ id, error });
  }
  worked();
  readAhead.refresh();
});

// Types are read before cells ask for them: the language's at once, those of packages one after the other when there is time.
language.check(0, '1;', []);
// Every cell leaves a type checker behind.
const worked = collectWhenIdle(MOST_LITTER);
const packages = Object.keys(settings.globals).filter((name) => 'module' in (settings.globals[name] ?? {}));
const readAhead = setTimeout(() => {
  const name = packages.shift();
  if (name === undefined) return;
  language.check(0, `${name};`, []);
  worked();
  readAhead.refresh();
}, IDLE);
