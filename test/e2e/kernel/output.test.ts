import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JupyterClient } from '../../support/jupyter-client.js';

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
});
afterAll(() => kernel.stop());

describe('what a cell prints', () => {
  it('comes whole and in order before it is idle, 20,000 lines in a handful of messages', async () => {
    const { stdout, messages, types } = await kernel.execute(
      `for (let i = 0; i < 20_000; i++) console.log('line ' + i)`,
    );
    expect(stdout).toBe(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''));
    expect(types.at(-1)).toBe('idle');
    expect(messages.filter(({ type }) => type === 'stream').length).toBeLessThan(20);
  });

  it('keeps stdout, stderr and displays in their order', async () => {
    const { messages } = await kernel.execute(`
      console.log('one'); console.error('two'); display('three'); console.log('four');
    `);
    const seen = messages.flatMap(({ type, content }) =>
      type === 'stream'
        ? [`${content['name']}: ${content['text'].trim()}`]
        : type === 'display_data'
          ? ['display']
          : [],
    );
    expect(seen).toEqual(['stdout: one', 'stderr: two', 'display', 'stdout: four']);
  });

  it('later, in the background, is shown in the cell that started it', async () => {
    const first = await kernel.execute(`setTimeout(() => console.log('from the first'), 150); 1`);
    const second = await kernel.execute(
      `console.log('from the second'); await new Promise((resolve) => setTimeout(resolve, 300))`,
    );
    await kernel.printed(first.id, 'from the first');
    expect(second.stdout).toBe('from the second\n');
  });
});

describe('an error that nobody waits for', () => {
  it('is told in the cell it comes from, and the kernel goes on', async () => {
    const timer = await kernel.execute(`setTimeout(() => { throw new Error('in a timer'); }, 30)`);
    const promise = await kernel.execute(`void Promise.reject(new Error('in a promise'))`);
    const later = await kernel.execute(`setTimeout(() => void Promise.reject(new Error('in both')), 30)`);
    await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 100))');
    await kernel.printed(timer.id, 'in a timer');
    await kernel.printed(promise.id, 'in a promise');
    await kernel.printed(later.id, 'in both');
    expect((await kernel.execute('1 + 1')).result).toBe('2');
  });
});

it('a stack that a cell prints or shows is told in its own lines, and the machinery is not', async () => {
  const { stderr, result } = await kernel.execute(`
    function fail(): never { throw new RangeError('far'); }
    let caught: any;
    try { fail(); } catch (error) { caught = error; console.error(error); }
    caught.stack`);
  for (const stack of [stderr, result ?? '']) {
    expect(stack).toMatch(/RangeError: far[^]*at fail \(In \[\d+\]:2:36\)[^]*at In \[\d+\]:4:\d+/);
    expect(stack).not.toMatch(/strobe-|file:|node:/);
  }
  const thrown = await kernel.execute('throw caught');
  expect(thrown.reply.content['traceback'].join('\n')).toMatch(/>.*2 \|.*function fail/);
});

describe('display', () => {
  it('shows any object by its Symbol.for("Jupyter.display") method', async () => {
    const code = `({ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': 'plain', 'text/html': '<b>rich</b>' }) })`;
    const data = { 'text/plain': 'plain', 'text/html': '<b>rich</b>' };
    const result = (await kernel.execute(code)).messages.find(({ type }) => type === 'execute_result');
    expect(result?.content['data']).toEqual(data);
    const shown = (await kernel.execute(`display(${code})`)).messages.find(({ type }) => type === 'display_data');
    expect(shown?.content).toMatchObject({ data, transient: {} });
  });

  it('shows records as a table, as a result and by display()', async () => {
    const { messages } = await kernel.execute(
      `const records = [{ epoch: 1, loss: 0.5 }, { epoch: 2 }]; display(records); records`,
    );
    const shown = messages.filter(({ type }) => type === 'display_data' || type === 'execute_result');
    expect(shown).toHaveLength(2);
    for (const { content } of shown) {
      expect(content['data']['text/html']).toMatch(/<table[^]*epoch[^]*loss[^]*0\.5/);
      expect(content['data']['text/plain']).toMatch(/epoch\s+loss/);
    }
  });

  it('waits, before the cell is done, for an object that takes its time to show itself', async () => {
    const slow = `({ [Symbol.for('Jupyter.display')]: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { 'text/plain': 'slow' };
    } })`;
    const { types, messages } = await kernel.execute(`display(${slow}); ${slow}`);
    expect(types).toEqual(['busy', 'execute_input', 'display_data', 'execute_result', 'idle']);
    for (const { content } of messages.slice(2, 4)) expect(content['data']).toEqual({ 'text/plain': 'slow' });
    const failing = `display({ [Symbol.for('Jupyter.display')]: async () => { throw new Error('no picture'); } })`;
    const failed = await kernel.execute(failing);
    expect(failed.messages.find(({ type }) => type === 'stream')?.content['text']).toContain('no picture');
  });

  it('updates what an id names, under the cell that runs', async () => {
    const first = await kernel.execute(`display('before', { id: 'place' })`);
    const shown = first.messages.find(({ type }) => type === 'display_data');
    expect(shown?.content['transient']).toEqual({ display_id: 'place' });
    const second = await kernel.execute(`display('after', { id: 'place' })`);
    const update = second.messages.find(({ type }) => type === 'update_display_data');
    expect(update?.content).toMatchObject({ data: { 'text/plain': 'after' }, transient: { display_id: 'place' } });
  });

  it('shows an id anew when its cell is run again, since its output was taken away', async () => {
    const options = { metadata: { cellId: 'cell-1' } };
    const code = `display('here', { id: 'again' })`;
    expect((await kernel.execute(code, options)).types).toContain('display_data');
    expect((await kernel.execute(code, options)).types).toContain('display_data');
    expect((await kernel.execute(`${code};`)).types).toContain('update_display_data');
  });

  it('clears output', async () => {
    const { messages } = await kernel.execute(`console.log('a'); clearOutput(true); console.log('b')`);
    expect(messages.find(({ type }) => type === 'clear_output')?.content).toEqual({ wait: true });
  });
});
