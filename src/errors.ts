/**
 * Errors a user can act on. Each says what was expected, what came instead, and what to do about it.
 */
export interface ErrorParts {
  /** What should have been there, in the user's words. */
  expected: string;
  /** What was there instead. */
  received: string;
  /** The next thing to try. */
  hint: string;
}

/** Base class of everything Strobe throws on purpose. */
export class StrobeError extends Error {
  override name = 'StrobeError';

  /** Composes the message from the three parts every Strobe error has. */
  static compose(what: string, { expected, received, hint }: ErrorParts): string {
    return `${what}\n  expected: ${expected}\n  received: ${received}\n  to do:    ${hint}`;
  }
}

/** A wrong option, or options that contradict each other. Thrown where the object is constructed. */
export class ConfigurationError extends StrobeError {
  override name = 'ConfigurationError';
}

/** A user's module, callback or loader broke the contract it was called under. */
export class ContractError extends StrobeError {
  override name = 'ContractError';
}

/** A checkpoint that is missing, damaged, not a checkpoint at all, or does not fit the model. */
export class CheckpointError extends StrobeError {
  override name = 'CheckpointError';
}

/** Data that is missing, empty or not in the format it claims to be. */
export class DataError extends StrobeError {
  override name = 'DataError';
}

/** Any value in a few words, for the `received` line of an error. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value !== 'object') return String(value);
  if (isTensorLike(value)) return `a ${value.dtype} tensor of shape [${value.shape.join(', ')}]`;
  const name = value.constructor?.name;
  if (name && name !== 'Object') return `an instance of ${name}`;
  const keys = Object.keys(value);
  return `{ ${keys.slice(0, 6).join(', ')}${keys.length > 6 ? ', ...' : ''} }`;
}

function isTensorLike(value: object): value is { dtype: string; shape: number[] } {
  return 'dataId' in value && 'shape' in value && 'dtype' in value;
}
