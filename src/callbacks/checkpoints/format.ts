import { ConfigurationError, describe, StrobeError } from '../../errors.js';

const SPEC = /^(0)?(\d+)?(?:\.(\d+))?([dfeg%])?$/;

/**
 * A number under a Python format specification, of the form `[0][width][.precision][d|f|e|g|%]`: `02d`, `.2f`, `03d`.
 * Exact ties round to even, as in Python. Without a specification: the shortest text that reads back as the number.
 */
export function formatNumber(value: number, spec = ''): string {
  const match = SPEC.exec(spec);
  if (!match) {
    throw new ConfigurationError(
      StrobeError.compose('This format is not known.', {
        expected: '[0][width][.precision] and one of d, f, e, g, %, as in {epoch:02d} or {val_loss:.2f}',
        received: describe(spec),
        hint: 'correct the filename template',
      }),
    );
  }
  const [, zero, width, precision, type] = match;
  const digits = precision === undefined ? 6 : Number(precision);
  const text = inType(value, type, digits, precision !== undefined);
  return pad(text, Number(width ?? 0), zero ? '0' : ' ');
}

function inType(value: number, type: string | undefined, digits: number, precise: boolean): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  switch (type) {
    case 'd':
      return String(Math.trunc(value));
    case 'f':
      return fixed(value, digits);
    case 'e':
      return exponential(value, digits);
    case '%':
      return `${fixed(value * 100, digits)}%`;
    case 'g':
      return general(value, digits || 1);
    default:
      return precise ? general(value, digits || 1) : String(value);
  }
}

/** `toFixed` rounds exact ties up; Python rounds them to even. */
function fixed(value: number, digits: number): string {
  const up = value.toFixed(digits);
  const exact = Math.abs(value).toFixed(Math.min(100, digits + 30));
  const rest = exact.slice(exact.indexOf('.') + 1 + digits);
  if (!/^50*$/.test(rest)) return up;
  const down = digits === 0 ? exact.slice(0, exact.indexOf('.')) : exact.slice(0, exact.indexOf('.') + 1 + digits);
  const even = Number(down.at(-1)) % 2 === 0;
  return even ? (value < 0 ? `-${down}` : down) : up;
}

function exponential(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
}

function general(value: number, digits: number): string {
  if (value === 0) return '0';
  const exponent = Number(value.toExponential(digits - 1).split('e')[1]);
  const trim = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent >= -4 && exponent < digits) return trim(value.toFixed(Math.max(0, digits - 1 - exponent)));
  const [mantissa = '', power = ''] = exponential(value, digits - 1).split('e');
  return `${trim(mantissa)}e${power}`;
}

function pad(text: string, width: number, fill: string): string {
  if (text.length >= width) return text;
  const sign = fill === '0' && text.startsWith('-') ? '-' : '';
  return sign + text.slice(sign.length).padStart(width - sign.length, fill);
}
