import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { duplicateKey } from '../../src/checkpoint/json.js';

test.each([
  { text: '{"a":1,"a":2}', key: 'a' },
  { text: '{"a":1, "b":{"c":1,"c" :2}}', key: 'c' },
  { text: '[{"x":[{"y":1}]},{"y":1,"y":1}]', key: 'y' },
  { text: '{"a":1,"\\u0061":2}', key: 'a' },
  { text: '{"":1,"":2}', key: '' },
  { text: '{"q\\"":{},"q\\"":{}}', key: 'q"' },
  { text: '{"a":"a","b":["a","a"],"c":{"a":1}}', key: undefined },
  { text: '"text"', key: undefined },
])('in $text the duplicate key is $key', ({ text, key }) => {
  expect(duplicateKey(text)).toBe(key);
});

test('what JSON.stringify writes has no duplicate key, however it is spaced', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(3), (value, space) => {
      expect(duplicateKey(JSON.stringify(value, null, space))).toBeUndefined();
    }),
  );
});
