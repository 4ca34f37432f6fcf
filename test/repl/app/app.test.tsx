import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink-testing-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { App } from '../../../repl/app/app.js';
import { Controller } from '../../../repl/app/controller.js';
import { RowTags } from '../../../repl/app/row-tags.js';
import { screen } from '../../../repl/panes/screen.js';
import { plainSession } from '../support.js';

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

describe('the screen in Ink', () => {
  let plain: Awaited<ReturnType<typeof plainSession>>;
  let shown: ReturnType<typeof render>;
  const tags = new RowTags();
  let app: () => React.JSX.Element;

  beforeEach(async () => {
    plain = await plainSession();
    const actions = { redraw: () => undefined, leave: async () => undefined };
    const controller = new Controller(plain.session, plain.store, actions);
    app = () => {
      const { state } = plain.store;
      state.view = plain.bench.view(state.view, { callbacks: true, parameters: true });
      Object.assign(state, plain.bench.list());
      return <App tags={tags.of(screen(state, []))} onKey={controller.press} />;
    };
    shown = render(app());
  });
  afterEach(async () => {
    shown.unmount();
    await plain.session.close();
  });

  /** Writes keys as a terminal sends them, and gives what is then seen. */
  async function after(...keys: string[]): Promise<string> {
    for (const key of keys) {
      shown.stdin.write(key);
      await settled();
      await plain.bench.amend(() => undefined);
      await settled();
      shown.rerender(app());
    }
    return stripVTControlCharacters(tags.spell(shown.lastFrame() ?? ''));
  }
  const DOWN = '\u001b[B';
  const ENTER = '\r';

  it('draws curves once there are steps', async () => {
    expect(await after()).toContain('no steps yet');
    const frame = await after('n', 'n', 'n');
    expect(frame).toMatch(/loss 0\.4096/);
    expect(frame).toMatch(/[\u2801-\u28ff]/);
    expect(await after('l')).toMatch(/1 metrics .* log/);
  });

  it('edits a field where it stands', async () => {
    expect(await after('n', '3', DOWN, DOWN, DOWN, DOWN, ENTER)).toMatch(/› +patience +3/);
    expect(await after('\u007f', '9')).toMatch(/› +patience +9/);
    expect(plain.session.bench.run.callbacks[0]).toMatchObject({ patience: 3 });
    await after(ENTER);
    expect(plain.session.bench.run.callbacks[0]).toMatchObject({ patience: 9 });
  });

  it('keeps pasted code together: its tabs and line ends press no keys', async () => {
    const pasted = (text: string) => ['\u001b[200~', text, '\u001b[201~'];
    const before = plain.bench.run.position;
    const screen = await after(...pasted('if (true) {\r\tn = 1;\r\r}'));
    expect(screen).toMatch(/❯ if \(true\) \{\n.*… {3}n = 1;\n.*…\n.*… \}/);
    expect(plain.store.state.input).toMatchObject({ before: ['if (true) {', '  n = 1;', ''], text: '}' });
    expect(plain.bench.run.position).toEqual(before);
    // Ctrl-C drops all of it, and stays.
    expect(await after('\u0003')).not.toContain('if (true)');
    expect(plain.store.state).toMatchObject({ input: { before: [], text: '' }, question: undefined });
    await after('\u001b', '/', ...pasted('a\nb'));
    expect(plain.store.state.metrics.filter).toBe('a b');
    // Nor does it go on for ever where its end is lost.
    await after('\u001b', ...pasted('n').slice(0, 2), '\u0003', '\u001b', 'n');
    expect(plain.bench.run.position.globalStep).toBe(1);
  });

  it('types a command, also when all of it comes at once, and answers it', async () => {
    expect(await after(':', 'lr')).toContain(': lr');
    expect(await after(ENTER)).toContain('no optimizer yet');
    expect(await after(`:set EarlyStopping.patience 5${ENTER}`)).toContain('EarlyStopping.patience 3 → 5');
  });
});

describe('tags of rows', () => {
  it('stay the same while the rows do, and are spelled out as they are now', () => {
    const tags = new RowTags();
    const [first, second] = tags.of(['one', 'two  ']);
    expect(tags.spell(`${first}\n${second}\n`)).toBe('one\ntwo\n');
    const [again, other] = tags.of(['one', 'three <0.1>']);
    expect([again === first, other === second]).toEqual([true, false]);
    expect(tags.spell(`\u001b[2K${again}\n${other}`)).toBe('\u001b[2Kone\nthree <0.1>');
  });
});
