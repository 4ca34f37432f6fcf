/** A number for reading: at most four significant figures. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return tidyExponent(value.toExponential(2));
  return String(Number(value.toPrecision(4)));
}

/** `1.5e-7` for `1.50e-7` and for `0.00000015`. */
export function tidyExponent(text: string): string {
  const exponential = text.includes('e') ? text : Number(text).toExponential();
  return exponential.replace(/\.?0*e\+?/, 'e');
}
