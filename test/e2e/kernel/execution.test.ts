import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JupyterClient } from '../../support/jupyter-client.js';

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
});
afterAll(() => kernel.stop());

describe('a cell', () => {
  it('is busy, announced, answered with its result, and idle, in this order', async () => {
    const { types, reply, messages } = await kernel.execute('1 + 1');
    expect(types).toEqual(['busy', 'execute_input', 'execute_result', 'idle']);
    const [, input, result] = messages;
    expect(input?.content).toEqual({ code: '1 + 1', execution_count: reply.content['execution_count'] });
    expect(result?.content).toMatchObject({
      data: { 'text/plain': '2' },
      execution_count: input?.content['execution_count'],
    });
    expect(reply.content).toMatchObject({ status: 'ok', user_expressions: {}, payload: [] });
  });

  it('with a type error runs nothing', async () => {
    const { types, reply, stdout } = await kernel.execute(`console.log('ran');\nconst wrong: number = 'text';`);
    expect(types).toEqual(['busy', 'execute_input', 'error', 'idle']);
    expect(stdout).toBe('');
    expect(reply.content['status']).toBe('error');
    expect(reply.content['traceback'].join('\n')).toMatch(/not assignable to type 'number'/);
  });

  it('that throws is an error on its own lines', async () => {
    const { messages, reply } = await kernel.execute(`const before: number = 1;\nthrow new RangeError('too far');`);
    const error = messages.find(({ type }) => type === 'error');
    expect(error?.content).toMatchObject({ ename: 'RangeError', evalue: 'too far' });
    expect(reply.content).toMatchObject({ status: 'error', ename: 'RangeError', evalue: 'too far' });
    const trace = reply.content['traceback'].join('\n');
    expect(trace).toMatch(/:2:7/);
    expect(trace).toContain('\u001b[');
  });

  it('sees what an earlier one declared, and changes it for code that still runs', async () => {
    const loop = await kernel.execute(`
      let lr = 0.1;
      const seen: number[] = [];
      const timer = setInterval(() => seen.push(lr), 5);
    `);
    expect(loop.reply.content['status']).toBe('ok');
    await kernel.execute('lr = 0.5');
    await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 50)); clearInterval(timer)');
    expect((await kernel.execute('[seen[0], seen.at(-1)]')).result).toBe('[ 0.1, 0.5 ]');
    expect((await kernel.execute('({ lr })')).result).toBe('{ lr: 0.5 }');
  });

  it('waits for what it has begun to display, and for promises that are ready, before it is idle', async () => {
    const { types } = await kernel.execute(`
      void (async () => { await null; console.log('soon'); })();
      void (async () => { await null; display('shown'); })();
    `);
    expect(types.slice(-1)).toEqual(['idle']);
    expect(types).toContain('stream');
    expect(types).toContain('display_data');
  });

  it('with nothing in it does nothing, and is not counted', async () => {
    const before = (await kernel.execute('1')).reply.content['execution_count'];
    const { reply } = await kernel.execute('  \n');
    expect(reply.content).toMatchObject({ status: 'ok', execution_count: before });
  });

  it('imports packages that are ES modules only, TypeScript files beside the notebook, and knows `using`', async () => {
    const ink = await kernel.execute(`import { Box } from 'ink'; typeof Box`);
    expect(ink.result).toBe(`'object'`);
    const local = await kernel.execute(`import { describe } from './src/errors.ts'; describe([1, 2])`);
    expect(local.result).toBe(`'an array of 2'`);
    const using = await kernel.execute(`
      { using handle = { [Symbol.dispose]() { console.log('closed'); } }; console.log('open'); }
    `);
    expect(using.stdout).toBe('open\nclosed\n');
  });
});

it('a cell may hold JSX, whose elements ink renders into its output', async () => {
  const { stdout, reply } = await kernel.execute(`
    import { render, Text } from 'ink';
    const app = render(<Text>Hello from {'ink'}</Text>, { debug: true, patchConsole: false });
    app.unmount();
  `);
  expect(reply.content).toMatchObject({ status: 'ok' });
  expect(stdout).toContain('Hello from ink');
  expect((await kernel.execute('<Text colour="red">hi</Text>')).reply.content['evalue']).toMatch(/colour/);
});

it('cells cannot end the kernel', async () => {
  const { reply } = await kernel.execute('process.exit(3)');
  expect(reply.content).toMatchObject({ status: 'error', ename: 'ContractError' });
  expect((await kernel.execute('exit')).reply.content['payload']).toEqual([{ source: 'ask_exit', keepkernel: false }]);
  expect((await kernel.execute('1')).result).toBe('1');
});

describe('options of execute_request', () => {
  it('silent: nothing is shown, counted or remembered', async () => {
    const before = await kernel.execute('0');
    const { types, reply } = await kernel.execute(`console.log('hidden'); display(1); 7`, { silent: true });
    expect(types).toEqual(['busy', 'idle']);
    expect(reply.content).toMatchObject({ status: 'ok', execution_count: before.reply.content['execution_count'] });
    const failed = await kernel.execute(`throw new Error('quiet')`, { silent: true, stop_on_error: false });
    expect(failed.types).toEqual(['busy', 'idle']);
    expect(failed.reply.content).toMatchObject({ status: 'error', evalue: 'quiet' });
  });

  it('store_history: false is shown, but neither counted nor remembered', async () => {
    const before = await kernel.execute('0');
    const { reply, result } = await kernel.execute(`'unstored'`, { store_history: false });
    expect(result).toBe(`'unstored'`);
    expect(reply.content['execution_count']).toBe(before.reply.content['execution_count']);
    const { history } = await kernel.request('shell', 'history_request', { hist_access_type: 'tail', n: 1 });
    expect(history[0][2]).toBe('0');
  });

  it('user_expressions are evaluated after the cell, each with its own result or error', async () => {
    const { reply } = await kernel.execute('const three = 3', {
      user_expressions: {
        good: 'three * 2',
        untyped: 'nothing.here',
        unread: '1 +',
        thrown: `(() => { throw new RangeError('far') })()`,
        hidden: `({ [Symbol.for('Jupyter.display')]: () => { throw new Error('no picture') } })`,
      },
    });
    expect(reply.content['status']).toBe('ok');
    const { good, untyped, unread, thrown, hidden } = reply.content['user_expressions'];
    expect(good).toEqual({ status: 'ok', data: { 'text/plain': '6' }, metadata: {} });
    expect(untyped).toMatchObject({ status: 'error', ename: 'TypeScriptError' });
    expect(unread).toMatchObject({ status: 'error', ename: 'TypeScriptError' });
    expect(thrown).toMatchObject({ status: 'error', ename: 'RangeError', evalue: 'far' });
    expect(hidden).toMatchObject({ status: 'error', evalue: 'no picture' });
  });
});

describe('after an error', () => {
  it('queued cells are aborted and do not run; a later one does', async () => {
    const failing = kernel.start(`await new Promise((resolve) => setTimeout(resolve, 100)); throw new Error('first')`);
    const queued = [kernel.start(`console.log('second')`), kernel.start(`console.log('third')`)];
    expect((await kernel.done(failing)).reply.content['status']).toBe('error');
    for (const id of queued) {
      const { reply, types, stdout } = await kernel.done(id);
      expect(reply.content['status']).toBe('aborted');
      expect(types).toEqual(['busy', 'idle']);
      expect(stdout).toBe('');
    }
    expect((await kernel.execute(`console.log('later')`)).stdout).toBe('later\n');
  });

  it('with stop_on_error: false the queue goes on', async () => {
    const failing = kernel.start(`throw new Error('first')`, { stop_on_error: false });
    const queued = kernel.start(`'second'`);
    expect((await kernel.done(failing)).reply.content['status']).toBe('error');
    expect((await kernel.done(queued)).result).toBe(`'second'`);
  });
});

describe('magics', () => {
  it('%time says how long the cell took', async () => {
    const { stdout, result } = await kernel.execute('%time 1 + 1');
    expect(stdout).toMatch(/^\d+\.\d ms\n$/);
    expect(result).toBe('2');
  });

  it('%load puts a file into the cell', async () => {
    const { reply } = await kernel.execute('%load .npmrc');
    expect(reply.content['payload']).toEqual([{ source: 'set_next_input', text: expect.any(String), replace: true }]);
  });

  it('%reset forgets variables, and an unknown one tells which there are', async () => {
    await kernel.execute('const forgotten = 1');
    await kernel.execute('%reset');
    expect((await kernel.execute('forgotten')).reply.content['status']).toBe('error');
    expect((await kernel.execute('typeof tf.tensor')).result).toBe(`'function'`);
    expect((await kernel.execute('%magic')).reply.content['evalue']).toMatch(/%time.*%load.*%reset/s);
  });
});
