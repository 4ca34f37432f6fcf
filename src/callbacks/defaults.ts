import { ConfigurationError, StrobeError } from '../errors.js';
import type { Callback } from '../trainer/callback.js';
import type { ResolvedOptions } from '../trainer/options.js';
import { ModelCheckpoint } from './model-checkpoint.js';
import { ModelSummary } from './model-summary.js';
import { ParameterHistograms } from './parameter-histograms.js';
import { ProgressBar } from './progress-bar.js';
import { Timer } from './timer.js';

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
  return [...timerFor(options), ...histogramsFor(options), ...observersFor(options)];
}

/** `maxTime` is a Timer; one that is there already has the say. */
function timerFor({ maxTime, callbacks, fastDevRun }: ResolvedOptions): Callback[] {
  if (maxTime === undefined || fastDevRun !== false) return [];
  if (!callbacks.some((callback) => callback instanceof Timer)) return [new Timer({ duration: maxTime })];
  console.warn('[strobe] maxTime is passed over: there is a Timer in callbacks.');
  return [];
}

/** `logHistograms` of a logger is a callback that feeds it. */
function histogramsFor({ logger, callbacks }: ResolvedOptions): Callback[] {
  const loggers = typeof logger === 'boolean' ? [] : [logger].flat();
  const wanted = loggers.map((each) => each.logHistograms ?? 0).filter((everyNSteps) => everyNSteps > 0);
  if (wanted.length === 0 || callbacks.some((callback) => callback instanceof ParameterHistograms)) return [];
  return [new ParameterHistograms({ everyNSteps: Math.min(...wanted) })];
}

function observersFor(options: ResolvedOptions): Callback[] {
  const bars = options.callbacks.filter((callback) => callback instanceof ProgressBar);
  if (bars.length > 1) throw severalBars(bars.length);
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

function severalBars(count: number): ConfigurationError {
  return new ConfigurationError(
    StrobeError.compose('new Trainer: there is more than one progress bar in callbacks.', {
      expected: 'one ProgressBar or RichProgressBar: they would draw over each other',
      received: String(count),
      hint: 'leave out the others',
    }),
  );
}
