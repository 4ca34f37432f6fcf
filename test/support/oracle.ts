import { readFileSync } from 'node:fs';

export interface OracleCase<Given = Record<string, unknown>, Expect = Record<string, unknown>> {
  id: string;
  given: Given;
  expect: Expect;
  note?: string;
}

/** The recorded cases of an area; `called` gives one of them, and remembers that it was asked for. */
export function oracle(area: string): {
  cases: OracleCase[];
  called: <Given, Expect>(id: string) => OracleCase<Given, Expect>;
} {
  const url = new URL(`../oracles/${area}.json`, import.meta.url);
  const cases = JSON.parse(readFileSync(url, 'utf8')) as OracleCase[];
  const called = <Given, Expect>(id: string) => {
    const found = cases.find((each) => each.id === id);
    if (!found) throw new Error(`There is no recorded case ${id} in ${area}.`);
    return found as unknown as OracleCase<Given, Expect>;
  };
  return { cases, called };
}
