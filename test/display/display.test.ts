import { afterEach, expect, it, vi } from 'vitest';
import { display, Figure, setDisplayHost, type MimeBundle } from 'strobe/display';

const globals = globalThis as Record<string, unknown>;

afterEach(() => {
  setDisplayHost(undefined);
  delete globals.__tslab__;
  delete globals.Deno;
  vi.restoreAllMocks();
});

const html = { [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>', 'text/plain': 'x' }) };

it('shows text in a terminal', () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  display(html);
  expect(log.mock.calls).toEqual([['x']]);
});

it('draws nothing but text in a terminal', () => {
  const log = vi.spyOn(console, 'log').mockReturnValue();
  const figure = new Figure({ title: 'Digits', panels: [] });
  const drawn = vi.spyOn(figure, 'toPng');
  display(figure);
  expect(log.mock.calls).toEqual([['Digits']]);
  expect(drawn).not.toHaveBeenCalled();
});

it('hands the whole bundle to the host that a kernel set, and says when it is an update', () => {
  const seen: [MimeBundle, object][] = [];
  setDisplayHost({ rich: true, show: (bundle, options) => void seen.push([bundle, options]) });
  display(html);
  display(html, { id: 'place' });
  display('after', { id: 'place' });
  expect(seen).toEqual([
    [{ 'text/html': '<b>x</b>', 'text/plain': 'x' }, { update: false }],
    [
      { 'text/html': '<b>x</b>', 'text/plain': 'x' },
      { id: 'place', update: false },
    ],
    [{ 'text/plain': 'after' }, { id: 'place', update: true }],
  ]);
});

it('shows the richest format in tslab, and updates a place by showing again in it', () => {
  const shown: [string, string, unknown][] = [];
  let places = 0;
  const place = (name: string) => ({ raw: (type: string, data: unknown) => void shown.push([name, type, data]) });
  const tslab = { display: place('plain'), newDisplay: () => place(`place ${++places}`) };
  globals.__tslab__ = { require: (name: string) => (name === 'tslab' ? tslab : undefined) };
  display(html);
  display(html, { id: 'a' });
  display('later', { id: 'a' });
  expect(shown).toEqual([
    ['plain', 'text/html', '<b>x</b>'],
    ['place 1', 'text/html', '<b>x</b>'],
    ['place 1', 'text/plain', 'later'],
  ]);
});

const sent: [string, object][] = [];
it.each([
  ['a promise', async (type: string, content: object): Promise<void> => void sent.push([type, content])],
  ['nothing', (type: string, content: object): void => void sent.push([type, content])],
])("speaks Jupyter's messages in Deno, whose sending gives %s", (what, broadcast) => {
  sent.length = 0;
  globals.Deno = { jupyter: { broadcast } };
  display(html, { id: what });
  display('later', { id: what });
  expect(sent.map(([type]) => type)).toEqual(['display_data', 'update_display_data']);
  expect(sent[1]?.[1]).toEqual({ data: { 'text/plain': 'later' }, metadata: {}, transient: { display_id: what } });
});
