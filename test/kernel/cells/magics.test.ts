import { describe, expect, it } from 'vitest';
import { magicOf } from '../../../kernel/cells/magics.js';

describe('a magic', () => {
  it('is the first thing in a cell, and leaves lines and columns where they were', () => {
    const magic = magicOf('%time  work();\nmore();');
    expect(magic).toEqual({ name: 'time', argument: 'work();', code: '       work();\nmore();' });
    expect(magicOf('\n  %reset')).toMatchObject({ name: 'reset', argument: '' });
    expect(magicOf('%load data/file.ts  ')).toMatchObject({ name: 'load', argument: 'data/file.ts' });
  });

  it('is nothing else: a remainder stays a remainder', () => {
    for (const code of ['7 % time', 'const a = 1;\n%time 1', '', '// %time']) expect(magicOf(code)).toBeUndefined();
  });

  it('that is unknown says which there are', () => {
    expect(() => magicOf('%matplotlib inline')).toThrow(/%matplotlib[^]*%time[^]*%load[^]*%reset/);
  });
});
