import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadRequest } from '../../../kernel/protocol/fields.js';
import { codeRequest, executeRequest, pointsOf, unitsOf } from '../../../kernel/protocol/requests.js';

describe('execute_request', () => {
  it("has the protocol's defaults", () => {
    expect(executeRequest({ code: '1' })).toEqual({
      code: '1',
      silent: false,
      storeHistory: true,
      userExpressions: {},
      allowStdin: true,
      stopOnError: true,
    });
  });

  it('that is silent is never stored', () => {
    expect(executeRequest({ code: '1', silent: true, store_history: true }).storeHistory).toBe(false);
  });

  it('of the wrong kind says which field', () => {
    expect(() => executeRequest({})).toThrow(new BadRequest('code has to be a string'));
    expect(() => executeRequest({ code: '1', silent: 'no' })).toThrow(/silent has to be a boolean/);
    expect(() => executeRequest({ code: '1', user_expressions: [] })).toThrow(/user_expressions has to be an object/);
  });
});

describe('positions', () => {
  it('are code points on the wire and UTF-16 units here', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, n) => {
        const points = Math.min(n, Array.from(text).length);
        expect(pointsOf(text, unitsOf(text, points))).toBe(points);
      }),
    );
    expect(codeRequest({ code: '😀x', cursor_pos: 1 })).toEqual({ code: '😀x', cursor: 2 });
    expect(codeRequest({ code: 'abc' }).cursor).toBe(3);
  });
});
