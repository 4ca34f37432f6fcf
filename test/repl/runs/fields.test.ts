import { describe, expect, it } from 'vitest';
import { Callback, EarlyStopping, Timer } from 'strobe';
import { fieldsOf, parseValue, setField } from '../../../repl/runs/fields.js';
import { callbackOwner } from '../../../repl/runs/owners.js';

class Own extends Callback {
  limit = 3;
  names = ['a'];
  loud = false;
  later: unknown = undefined;
}

class Patient extends EarlyStopping {}

describe('what is typed', () => {
  it.each([
    ['9', 9],
    ['-1e-4', -1e-4],
    ['Infinity', Infinity],
    ['true', true],
    ['undefined', undefined],
    ['val_loss', 'val_loss'],
    ['"12"', '12'],
    ["'12'", '12'],
    ['[1, 2]', [1, 2]],
    ['{"a": 1}', { a: 1 }],
  ])('%s is read as a value', (text, value) => expect(parseValue(text)).toEqual(value));
});

describe('a field', () => {
  it('is set to what was typed', () => {
    const callback = new EarlyStopping({ monitor: 'val_loss' });
    expect(setField(callbackOwner('EarlyStopping', callback), 'patience', '9')).toEqual({ from: 3, to: 9 });
    expect(callback.patience).toBe(9);
  });

  it.each([
    ['patience', '-1', 'a whole number from 0 up'],
    ['patience', '1.5', 'a whole number from 0 up'],
    ['patience', 'x', 'a whole number from 0 up'],
    ['verbose', '1', 'true or false'],
    ['baseline', 'x', 'a number'],
    ['minDelta', '-1', 'a number from 0 up'],
  ])('%s refuses %s with its type and range, and stays as it was', (field, text, expected) => {
    const callback = new Patient({ monitor: 'val_loss' });
    const before = Object.entries(callback);
    expect(() => setField(callbackOwner('Patient', callback), field, text)).toThrow(`expected: ${expected}`);
    expect(Object.entries(callback)).toEqual(before);
  });

  it('that holds much is described where a value is refused', () => {
    const own = Object.assign(new Own(), { names: Array.from({ length: 1000 }, () => 'name') });
    expect(() => setField(callbackOwner('Own', own), 'names', '3')).toThrow('now it is an array of 1000');
  });

  it('of a class that says nothing refuses another type', () => {
    const callback = new Own();
    expect(() => setField(callbackOwner('Own', callback), 'limit', 'many')).toThrow('expected: a number');
    expect(() => setField(callbackOwner('Own', callback), 'loud', '1')).toThrow('expected: true or false');
    expect(() => setField(callbackOwner('Own', callback), 'names', '3')).toThrow('expected: an array');
    setField(callbackOwner('Own', callback), 'later', '3');
    expect(callback.later).toBe(3);
  });

  it('that is not there is refused with those that are', () => {
    expect(() => setField(callbackOwner('Own', new Own()), 'limits', '3')).toThrow('limit, names, loud');
  });

  it('says what may be put there', () => {
    const fields = fieldsOf(callbackOwner('EarlyStopping', new EarlyStopping({ monitor: 'val_loss' })));
    expect(fields.find(({ name }) => name === 'patience')).toEqual({
      name: 'patience',
      text: '3',
      allowed: 'a whole number from 0 up',
    });
    expect(
      fieldsOf(callbackOwner('Timer', new Timer({ duration: '00:00:01:00' }))).map(({ name }) => name),
    ).not.toContain('stateDict');
  });
});
