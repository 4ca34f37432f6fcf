import { ConfigurationError, StrobeError } from '../errors.js';
import type { Callback } from '../trainer/callback.js';
import type { ResolvedOptions } from '../trainer/options.js';
import { ModelCheckpoint } from './model-checkpoint.js';
import { ModelSummary } from './model-summary.js';
import { ProgressBar } from './progress-bar.js';

interface Default {
  option: 'enableProgressBar' | 'enableModelSummary' | 'enableCheckpointing';
  type: abstract new (...args: never[]) => Callback;
  make: () => Callback;
}

const DEFAULTS: Default[] = [
  { option: 'enableProgressBar', type: ProgressBar, make: () => new ProgressBar() },
  { option: 'enableModelSummary', type: ModelSummary, make: () => new ModelSummary() },
  { option: 'enableCheckpointing', type: ModelCheckpoint, make: () => new ModelCheckpoint() },
];

/** What a trainer brings along unless it is told not to, or given its own. */
export function defaultCallbacks(options: ResolvedOptions): Callback[] {
  return DEFAULTS.flatMap(({ option, type, make }) => {
    const own = options.callbacks.some((callback) => callback instanceof type);
    if (own && !options[option] && !options.barebones) throw contradiction(option, type.name);
    const wanted = options[option] && !own && (option !== 'enableCheckpointing' || options.fastDevRun === false);
    return wanted ? [make()] : [];
  });
}

function contradiction(option: string, name: string): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose(`new Trainer: ${option}: false contradicts the ${name} in callbacks.`, {
      expected: 'one of the two',
      received: 'both',
      hint: `leave out ${option}, or the ${name}`,
    }),
  );
}
