/** Hyper-parameters as YAML. JSON is YAML: strings are quoted, lists and records are in flow style. */
export function toYaml(record: Record<string, unknown>): string {
  return Object.entries(record)
    .map(([key, value]) => `${key}: ${JSON.stringify(value) ?? 'null'}\n`)
    .join('');
}

/** Nested records as one, with keys such as `optimizer/lr`; what is no number, text or truth value becomes JSON. */
export function flattened(record: Record<string, unknown>, prefix = ''): Record<string, number | string | boolean> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]): [string, number | string | boolean][] => {
      const name = `${prefix}${key}`;
      if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return [[name, value]];
      if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
        return Object.entries(flattened(value as Record<string, unknown>, `${name}/`));
      return [[name, JSON.stringify(value) ?? 'null']];
    }),
  );
}
