import { expect, it } from 'vitest';
import { bundleOf, Figure, Table } from 'strobe/display';

const SHOW = Symbol.for('Jupyter.display');

it('always has text', () => {
  expect(bundleOf('words')).toEqual({ 'text/plain': 'words' });
  expect(bundleOf({ a: 1 })).toEqual({ 'text/plain': '{ a: 1 }' });
  expect(bundleOf(undefined)).toEqual({ 'text/plain': 'undefined' });
  expect(bundleOf({ [SHOW]: () => ({ 'text/html': '<b>x</b>' }) })['text/plain']).toContain('Jupyter.display');
});

it('is what an object says of itself', () => {
  const bundle = { 'text/html': '<b>x</b>', 'text/plain': 'x' };
  expect(bundleOf({ [SHOW]: () => bundle })).toEqual(bundle);
});

it('refuses what is no bundle, and says what is', () => {
  for (const wrong of [undefined, 'text', Promise.resolve({}), ['text/plain']]) {
    expect(() => bundleOf({ [SHOW]: () => wrong })).toThrow(/gave no MIME bundle[\s\S]*expected:[\s\S]*to do:/);
  }
});

it('has every format of a figure and of a table', () => {
  const figure = new Figure({ panels: [] });
  expect(Object.keys(bundleOf(figure))).toEqual([
    'application/vnd.plotly.v1+json',
    'text/html',
    'image/png',
    'text/plain',
  ]);
  const table = new Table({ columns: ['a'], rows: [[1]] });
  expect(Object.keys(bundleOf(table))).toEqual(['text/html', 'text/markdown', 'text/plain']);
});
