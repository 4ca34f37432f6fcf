import { closest, distance } from 'fastest-levenshtein';
import { parseArgsStringToArgv } from 'string-argv';
import { ConfigurationError, HOOK_NAMES, StrobeError, type HookName } from '../../src/index.js';

/** What a command says of arguments it cannot use. */
export function refuse(what: string, expected: string, received: string, hint: string): ConfigurationError {
  return new ConfigurationError(StrobeError.compose(what, { expected, received: received || 'nothing', hint }));
}

/** Words, those in quotes as one. */
export function wordsOf(args: string): string[] {
  return parseArgsStringToArgv(args);
}

/** A whole number of at least `least`. */
export function wholeNumber(
  args: string,
  name: string,
  { least = 1, otherwise }: { least?: number; otherwise?: number } = {},
): number {
  const text = args.trim();
  if (text === '' && otherwise !== undefined) return otherwise;
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= least) return value;
  throw refuse(
    `${name} takes a number.`,
    `a whole number from ${least} up`,
    text,
    `e.g. ${name} ${Math.max(least, 2)}`,
  );
}

/** A finite number in a range. */
export function numberIn(
  args: string,
  name: string,
  [least, most]: readonly [number, number],
  example: string,
): number {
  const text = args.trim();
  const value = Number(text);
  if (text !== '' && Number.isFinite(value) && value >= least && value <= most) return value;
  const range = most === Infinity ? `from ${least} up` : `from ${least} to ${most}`;
  throw refuse(`${name} takes a number.`, `a number ${range}`, text, `e.g. ${name} ${example}`);
}

/** `HOOK`, or `HOOK if EXPRESSION`. */
export function hookAndCondition(args: string, name: string): { hook: HookName; condition: string | undefined } {
  const [, word = '', condition] = /^\s*(\S*)(?:\s+if\s+(.*))?\s*$/s.exec(args) ?? [];
  const hook = HOOK_NAMES.find((known) => known === word);
  if (hook) return { hook, condition };
  const first = args.trim().split(/\s+/)[0] ?? '';
  const rest = HOOK_NAMES.find((known) => known === first);
  if (rest)
    throw refuse(
      `${name} does not understand what follows the hook.`,
      'HOOK if EXPRESSION',
      args.trim(),
      `e.g. ${name} ${rest} if loss > 3`,
    );
  throw refuse(
    `There is no hook ${first}.`,
    'a hook such as onTrainBatchEnd',
    first,
    first ? `did you mean ${nearest(first, HOOK_NAMES)}?` : `e.g. ${name} onTrainBatchEnd`,
  );
}

/** The name that looks most like a word, letters' case aside. */
export function nearest(word: string, names: readonly string[]): string {
  const lower = names.map((name) => name.toLowerCase());
  return names[lower.indexOf(closest(word.toLowerCase(), lower))] ?? '';
}

/** The nearest names, if any is near enough to be meant. */
export function nearNames(word: string, names: readonly string[]): string[] {
  const far = Math.max(2, Math.ceil(word.length / 2));
  return [...names]
    .map((name) => ({ name, away: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= far || name.startsWith(word))
    .sort((a, b) => a.away - b.away)
    .slice(0, 3)
    .map(({ name }) => name);
}
