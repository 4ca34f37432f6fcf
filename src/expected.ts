import type { z } from 'zod';

const TYPES: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'an array',
  object: 'a record',
};

/** What a schema expects, in the words of our errors, where it does not say so itself: `schema.safeParse(value, { error: expected })`. */
export function expected(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'too_small':
      return bound(issue.origin, issue.inclusive ? 'at least' : 'above', issue.minimum);
    case 'too_big':
      return bound(issue.origin, issue.inclusive ? 'at most' : 'below', issue.maximum);
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_union':
      return [...new Set(issue.errors.map(([first]) => first?.message ?? ''))].join(', or ');
    default:
      return undefined;
  }
}

function bound(of: string, how: string, limit: number | bigint): string {
  if (of === 'string') return `a text of ${how} ${limit} characters`;
  if (of === 'array') return `an array of ${how} ${limit}`;
  return `a number of ${how} ${limit}`.replace('of above', 'above').replace('of below', 'below');
}
