import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Controller } from '../../../repl/app/controller.js';
import { keys } from '../../../repl/commands/keys.js';
import { screen } from '../../../repl/panes/screen.js';
import { PANES } from '../../../repl/store/state.js';
import { plainSession } from '../support.js';

let plain: Awaited<ReturnType<typeof plainSession>>;
let controller: Controller;
let left: boolean;
beforeEach(async () => {
  plain = await plainSession();
  left = false;
  controller = new Controller(plain.session, plain.store, {
    redraw: () => undefined,
    leave: async () => void (left = true),
  });
});
afterEach(() => plain.session.close());

/** Presses keys, each when what the one before has begun is done. */
async function press(...names: string[]): Promise<void> {
  for (const name of names) {
    controller.pressed(name);
    await plain.bench.amend(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    look();
  }
}
const type = (text: string): Promise<void> => press(...Array.from(text, (each) => (each === ' ' ? 'space' : each)));

function look(): string {
  const { state } = plain.store;
  state.view = plain.bench.view(state.view, { callbacks: true, parameters: true });
  Object.assign(state, plain.bench.list());
  return screen(state, [])
    .map((row) => stripVTControlCharacters(row))
    .join('\n');
}

describe('keys', () => {
  it('move the run: a batch, a hook, an epoch, back, on to the end', async () => {
    const where = () => plain.bench.run.position;
    await press('n');
    expect(where()).toMatchObject({ hook: 'onTrainBatchEnd', globalStep: 1 });
    await press('s');
    expect(where()).toMatchObject({ hook: 'onTrainBatchStart', batchIdx: 1 });
    await press('e');
    expect(where()).toMatchObject({ hook: 'onTrainEpochEnd', globalStep: 10 });
    await press('r');
    expect(where()).toMatchObject({ globalStep: 9 });
    await press('c');
    await plain.bench.standing();
    expect(plain.bench.run.status).not.toBe('running');
  });

  it('lead to each pane by its number, and around them by tab', async () => {
    for (const [i, pane] of PANES.entries()) {
      await press(String(i + 1));
      expect(look()).toContain(`${i + 1} ${pane} ━`);
      if (pane === 'prompt') await press('escape');
    }
    await press('1', 'tab');
    expect(plain.store.state.focus).toBe('progress');
    await press('shift+tab');
    expect(plain.store.state.focus).toBe('metrics');
    await press('z');
    expect(look()).not.toContain('3 callbacks');
  });

  it('look at curves: logarithmic, smoothed, closer, at a step', async () => {
    await press('e');
    await press('l', 'm', 'm', '+');
    expect(look()).toMatch(/log · smooth 0\.6 · zoom ×2/);
    await press('-', 'm', 'm', 'm', 'l');
    expect(look()).not.toMatch(/log ·|smooth|zoom/);
    await press('left');
    expect(look()).toContain('at step 10');
    for (let i = 0; i < 60; i++) controller.pressed('left');
    expect(look()).toMatch(/at step 1 +.* loss 1 /);
    await press('0');
    expect(look()).not.toContain('at step');
  });

  it('filter metrics by name while it is typed', async () => {
    await press('e', '/');
    await type('val');
    expect(look()).not.toMatch(/ loss/);
    await press('enter');
    expect(look()).toContain('/val');
    await press('/', 'escape');
    expect(look()).toMatch(/ loss .* val_loss/);
  });

  it('edit a field of a callback in place, with what it may be below', async () => {
    await press('n', '3', 'down', 'down', 'down', 'down', 'enter');
    expect(look()).toContain('patience: a whole number from 0 up');
    await press('backspace');
    await type('many');
    await press('enter');
    expect(plain.store.state.transcript.map(({ text }) => text).join('\n')).toContain('cannot be that');
    await press('enter', 'backspace', '7', 'enter');
    expect(look()).toMatch(/patience +7/);
  });

  it('disable, remove and fold callbacks', async () => {
    await press('n', '3', 'd');
    expect(look()).toContain('EarlyStopping (disabled)');
    await press('d');
    expect(look()).not.toContain('(disabled)');
    await press('enter');
    expect(look()).toMatch(/▸ EarlyStopping/);
    await press('x');
    expect(look()).not.toMatch(/[▸▾] EarlyStopping/);
    await press('a');
    expect(look()).toContain(': add new ');
  });

  it('freeze parameters, and act on breakpoints and runs', async () => {
    await press('n', '4', 'f');
    expect(plain.model.w.requiresGrad).toBe(false);
    await press('f');
    expect(plain.model.w.requiresGrad).toBe(true);
    await controller.execute('b onTrainBatchEnd');
    await press('5', 'down', 'd');
    expect(look()).toContain('disabled');
    await press('x');
    expect(plain.bench.run.breakpoints.map(({ id }) => id)).toEqual([1]);
    await controller.execute('fork colder');
    await press('9', 'down', 'enter');
    expect(plain.bench.run.name).toBe('colder');
  });

  it('ask before work is lost, and take no for an answer', async () => {
    await press('n', 'q');
    expect(look()).toContain('Leave a run that no file holds?');
    await press('n');
    expect(left).toBe(false);
    await press('q', 'y');
    expect(left).toBe(true);
  });

  it('show help, to be scrolled and left', async () => {
    await press('?');
    const first = look();
    expect(first).toContain('GO');
    await press('pagedown');
    expect(look()).not.toBe(first);
    await press('escape');
    expect(look()).toContain('1 metrics');
  });

  it('complete commands, and bring back what was typed', async () => {
    await press(':');
    await type('unt');
    await press('tab');
    expect(look()).toContain(': until ');
    await type('onTrainB');
    await press('tab', 'tab');
    expect(look()).toContain('onTrainBatchStart');
    expect(look()).toContain('onTrainBatchEnd');
    await press('escape', ':');
    await type('lr');
    await press('enter', ':', 'up');
    expect(plain.store.state.input?.text).toBe('lr');
  });

  it('do nothing wrong in any pane before the run has begun', async () => {
    for (const [i, pane] of PANES.entries()) {
      for (const { key } of keys.filter((each) => each.pane === pane)) {
        await press(String(i + 1), key, 'escape');
      }
    }
    const bad = plain.store.state.transcript.filter(({ tone }) => tone === 'bad').map(({ text }) => text);
    expect(bad).toEqual([]);
  });
});
