import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JupyterClient } from '../../support/jupyter-client.js';

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
});
afterAll(() => kernel.stop());

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('kernel_info_request', () => {
  it('is answered alike on shell and control', async () => {
    const info = await kernel.request('shell', 'kernel_info_request');
    expect(info).toMatchObject({
      status: 'ok',
      protocol_version: '5.4',
      implementation: 'strobe',
      language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' },
      supported_features: ['kernel subshells'],
    });
    expect(await kernel.request('control', 'kernel_info_request')).toEqual(info);
  });

  it('is not needed to know that iopub is open: who subscribes is welcomed there', async () => {
    const other = await kernel.join();
    const welcome = await other.iopub.find('welcome', ({ type }) => type === 'iopub_welcome');
    expect(welcome).toMatchObject({ parentId: undefined, content: { subscription: '' } });
    other.disconnect();
  });
});

describe('help with code', () => {
  it('completes members of earlier variables in the middle of an expression, with types', async () => {
    await kernel.execute('const record = { alpha: 1, alphabet: "text" }');
    const code = 'Math.max(record.alp, 1)';
    const reply = await kernel.request('shell', 'complete_request', { code, cursor_pos: 19 });
    expect(reply).toMatchObject({ status: 'ok', matches: ['alpha', 'alphabet'], cursor_start: 16, cursor_end: 19 });
    const [alpha] = reply['metadata']._jupyter_types_experimental;
    expect(alpha).toMatchObject({ text: 'alpha', type: 'property' });
  });

  it('counts code points, as the protocol does', async () => {
    const code = '"😀"; record.alp';
    const reply = await kernel.request('shell', 'complete_request', { code, cursor_pos: 15 });
    expect(reply).toMatchObject({ matches: ['alpha', 'alphabet'], cursor_start: 12, cursor_end: 15 });
  });

  it('completes names of imported packages', async () => {
    const code = 'tf.losses.meanSq';
    const { matches } = await kernel.request('shell', 'complete_request', { code, cursor_pos: code.length });
    expect(matches).toEqual(['meanSquaredError']);
  });

  it('inspects types and documentation', async () => {
    await kernel.execute(`/** Doubles a number. */\nfunction double(n: number) { return n * 2; }`);
    const reply = await kernel.request('shell', 'inspect_request', {
      code: 'double(21)',
      cursor_pos: 3,
      detail_level: 0,
    });
    expect(reply).toMatchObject({ status: 'ok', found: true });
    expect(reply['data']['text/plain']).toMatch(/double\(n: number\): number[\s\S]*Doubles a number/);
    const nothing = await kernel.request('shell', 'inspect_request', { code: '   ', cursor_pos: 1, detail_level: 0 });
    expect(nothing).toMatchObject({ status: 'ok', found: false, data: {} });
  });

  it("completes members of an imported package and of a local file's exports, with types and documentation", async () => {
    const complete = async (marked: string) => {
      const [code, cursor_pos] = [marked.replace('|', ''), marked.indexOf('|')];
      const { matches, metadata } = await kernel.request('shell', 'complete_request', { code, cursor_pos });
      return { matches, first: metadata._jupyter_types_experimental[0] };
    };
    await kernel.execute(
      `import * as core from '@tensorflow/tfjs'; import { SGD } from 'strobe'; import * as errors from './src/errors.ts';`,
    );
    await kernel.execute('const layer = core.layers.dense({ units: 1 })');
    const onehot = await complete('[1, core.oneHot|]');
    expect(onehot.matches).toContain('oneHot');
    expect(onehot.first.signature).toMatch(/oneHot/);
    expect(onehot.first.documentation).toMatch(/one-hot/);
    expect((await complete('layer.countPar|')).first).toMatchObject({ text: 'countParams', type: 'method' });
    expect((await complete('errors.descri|')).first.signature).toMatch(/describe\(value: unknown\): string/);
    expect((await complete('new SG|(')).first.documentation).toMatch(/momentum/);
  });

  it('inspects what packages and local files export, in the middle of an expression', async () => {
    const inspect = async (marked: string) => {
      const [code, cursor_pos] = [marked.replace('|', ''), marked.indexOf('|')];
      return (await kernel.request('shell', 'inspect_request', { code, cursor_pos, detail_level: 1 }))['data'][
        'text/plain'
      ];
    };
    expect(await inspect('f(1, core.one|Hot([0], 2))')).toMatch(/oneHot\(indices: [^]*\): [^]*one-hot/);
    expect(await inspect('const n = layer.count|Params() + 1')).toMatch(/countParams\(\): number[^]*Counts/);
    expect(await inspect('[errors.descr|ibe(2)]')).toMatch(/describe\(value: unknown\): string/);
    expect(await inspect('new SGD(layer, |)')).toMatch(/new SGD\(params: [^]*momentum/);
    expect(await inspect('console.log(la|yer)')).toMatch(/^const layer: Dense/);
  });

  it('knows whether code is complete', async () => {
    const status = async (code: string) => kernel.request('shell', 'is_complete_request', { code });
    expect(await status('1 + 1')).toEqual({ status: 'complete' });
    expect(await status('function f() {')).toMatchObject({ status: 'incomplete' });
    expect(await status('const = 1; f()')).toMatchObject({ status: 'invalid' });
  });
});

describe('history', () => {
  it('gives the tail, ranges and searches, with outputs if asked, and survives the kernel', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strobe-history-'));
    const env = { JUPYTER_DATA_DIR: folder };
    const ask = async (client: JupyterClient, content: object) =>
      (await client.request('shell', 'history_request', content))['history'];
    const first = await JupyterClient.start({ env });
    for (const code of ['1 + 1', '"two"', '1 + 1', '3']) await first.execute(code);
    expect(await ask(first, { hist_access_type: 'tail', n: 2 })).toEqual([
      [1, 3, '1 + 1'],
      [1, 4, '3'],
    ]);
    expect(await ask(first, { hist_access_type: 'range', session: 0, start: 1, stop: 3, output: true })).toEqual([
      [1, 1, ['1 + 1', '2']],
      [1, 2, ['"two"', `'two'`]],
    ]);
    expect(await ask(first, { hist_access_type: 'search', pattern: '*1*', n: 10 })).toHaveLength(2);
    expect(await ask(first, { hist_access_type: 'search', pattern: '*1*', unique: true, n: 10 })).toEqual([
      [1, 3, '1 + 1'],
    ]);
    await first.stop();
    const second = await JupyterClient.start({ env });
    await second.execute('5');
    expect(await ask(second, { hist_access_type: 'range', session: -1, start: 1, stop: 2 })).toEqual([[1, 1, '1 + 1']]);
    expect(await ask(second, { hist_access_type: 'tail', n: 2 })).toEqual([
      [1, 4, '3'],
      [2, 1, '5'],
    ]);
    await second.stop();
    await rm(folder, { recursive: true });
  });
});

describe('input()', () => {
  it('asks the client that sent the cell, and hides a password', async () => {
    const id = kernel.start(
      `const name = await input('Name? '); const word = await input('Word? ', { password: true }); name + word`,
      {
        allow_stdin: true,
      },
    );
    for (const [prompt, password, value] of [
      ['Name? ', false, 'Ada'],
      ['Word? ', true, '!'],
    ] as const) {
      const request = await kernel.stdin.find('question', ({ content }) => content['prompt'] === prompt);
      expect(request).toMatchObject({ type: 'input_request', parentId: id, content: { prompt, password } });
      kernel.send('stdin', 'input_reply', { value });
    }
    expect((await kernel.done(id)).result).toBe(`'Ada!'`);
  });

  it('says so where nobody can be asked', async () => {
    const { reply } = await kernel.execute(`await input('Name? ')`, { allow_stdin: false });
    expect(reply.content['evalue']).toMatch(/nobody to ask/);
  });
});

describe('comms', () => {
  it('to an unknown target are closed', async () => {
    const id = kernel.send('shell', 'comm_open', { comm_id: 'lost', target_name: 'nowhere', data: {} });
    const closed = await kernel.iopub.find(
      'comm_close',
      ({ type, content }) => type === 'comm_close' && content['comm_id'] === 'lost',
    );
    expect(closed.parentId).toBe(id);
    expect(await kernel.request('shell', 'comm_info_request', {})).toEqual({ status: 'ok', comms: {} });
  });

  it('carry data and binary buffers both ways; what a callback prints belongs to the cell that registered it', async () => {
    const cell = await kernel.execute(`
      const { comms } = globalThis[Symbol.for('strobe.displayHost') as any] as any;
      comms.registerTarget('echo', (comm: any) => {
        comm.onMessage(({ data, buffers }: any) => {
          console.log('got ' + data.text);
          comm.send({ text: data.text.toUpperCase() }, { buffers: [buffers[0].slice().reverse()] });
        });
      });
    `);
    expect(cell.reply.content).toMatchObject({ status: 'ok' });
    kernel.send('shell', 'comm_open', { comm_id: 'c1', target_name: 'echo', data: {} });
    kernel.send('shell', 'comm_msg', { comm_id: 'c1', data: { text: 'hello' } }, { buffers: [Uint8Array.of(1, 2, 3)] });
    const answer = await kernel.iopub.find(
      'answer',
      ({ type, content }) => type === 'comm_msg' && content['comm_id'] === 'c1',
    );
    expect(answer.content['data']).toEqual({ text: 'HELLO' });
    expect(answer.buffers).toEqual([Buffer.from([3, 2, 1])]);
    await kernel.printed(cell.id, 'got hello');
    const info = (target: string) => kernel.request('shell', 'comm_info_request', { target_name: target });
    expect(await info('echo')).toEqual({ status: 'ok', comms: { c1: { target_name: 'echo' } } });
    expect(await info('other')).toEqual({ status: 'ok', comms: {} });
  });
});

describe('subshells', () => {
  it('run cells between the steps of a busy one', async () => {
    const { subshell_id } = await kernel.request('control', 'create_subshell_request');
    const header = { subshell_id };
    expect(await kernel.request('control', 'list_subshell_request')).toEqual({
      status: 'ok',
      subshell_id: [subshell_id],
    });
    const busy = kernel.start(
      `let goOn = true; console.log('begun'); while (goOn) await new Promise((resolve) => setTimeout(resolve, 5)); 'done'`,
    );
    await kernel.printed(busy, 'begun');
    const beside = await kernel.done(kernel.start(`console.log('beside'); goOn`, { subshell: subshell_id }));
    expect(beside.result).toBe('true');
    expect(beside.stdout).toBe('beside\n');
    await kernel.done(kernel.start('goOn = false', { subshell: subshell_id }));
    expect((await kernel.done(busy)).result).toBe(`'done'`);
    expect(await kernel.request('control', 'delete_subshell_request', header)).toEqual({ status: 'ok' });
    const gone = await kernel.request('control', 'delete_subshell_request', header);
    expect(gone).toMatchObject({ status: 'error' });
  });
});

describe('requests that are not supported', () => {
  it('debug_request says so', async () => {
    const request = { type: 'request', seq: 7, command: 'attach', arguments: {} };
    expect(await kernel.request('control', 'debug_request', request)).toMatchObject({
      type: 'response',
      request_seq: 7,
      success: false,
      command: 'attach',
      message: expect.stringMatching(/not supported/),
    });
  });

  it('unknown ones and wrong contents get an error, and the kernel goes on', async () => {
    expect(await kernel.request('shell', 'make_coffee_request')).toMatchObject({ status: 'error' });
    expect(await kernel.request('shell', 'execute_request', { code: 7 })).toMatchObject({
      status: 'error',
      evalue: 'code has to be a string',
    });
    expect(await kernel.request('shell', 'complete_request', {})).toMatchObject({ status: 'error' });
  });
});

describe('messages that are forged, repeated or malformed', () => {
  it('are ignored, and nothing tells what their signature should have been', async () => {
    const forged = kernel.message('execute_request', { code: `console.log('forged')` });
    const expected = forged.frames[1]?.toString() ?? '';
    forged.frames[1] = Buffer.from('0'.repeat(64));
    kernel.sendFrames('shell', forged.frames);
    const twice = kernel.message('execute_request', { code: `console.log('twice')`, store_history: false });
    kernel.sendFrames('shell', twice.frames);
    kernel.sendFrames('shell', twice.frames);
    kernel.sendFrames('shell', [Buffer.from('no message')]);
    kernel.sendFrames('control', []);
    const parts = ['{"msg_type"', '{}', '{}', '[]'].map((part) => Buffer.from(part));
    kernel.sendFrames('shell', [Buffer.from('<IDS|MSG>'), Buffer.from(kernel.sign(parts)), ...parts]);
    await kernel.execute('1');
    await sleep(100);
    expect(kernel.of(forged.id)).toEqual([]);
    expect(kernel.of(twice.id).filter(({ type }) => type === 'execute_input')).toHaveLength(1);
    expect(kernel.log).toMatch(/signature is not valid/);
    expect(kernel.log).not.toContain(expected);
  });
});

describe('transports', () => {
  it('ipc', async () => {
    const local = await JupyterClient.start({ transport: 'ipc' });
    expect((await local.execute('1 + 1')).result).toBe('2');
    await local.stop();
  });

  it('tcp, bound to the address in the connection file and to no other', async () => {
    const port = Number(kernel.connection['shell_port']).toString(16).toUpperCase().padStart(4, '0');
    const sockets = readFileSync(`/proc/${kernel.process.pid}/net/tcp`, 'utf8').split('\n');
    const listening = sockets.filter((line) => line.includes(`:${port} `) && line.includes(' 0A ')); // 0A: LISTEN
    expect(listening).toHaveLength(1);
    expect(listening[0]).toContain(`0100007F:${port} `); // 127.0.0.1
  });

  it('of a client that comes back with the identity it had', async () => {
    const again = await kernel.join({ identity: kernel.identity });
    expect((await again.execute(`'back'`)).result).toBe(`'back'`);
    again.disconnect();
  });

  it('encrypted with CurveZMQ when the connection file has keys', async () => {
    const secret = await JupyterClient.start({ curve: true });
    expect((await secret.execute('1 + 1')).result).toBe('2');
    await secret.stop();
  });
});

describe('shutdown_request', () => {
  it.each(['1', 'for (;;);'])('ends the process, also while it runs %s', async (code) => {
    const leaving = await JupyterClient.start();
    const id = leaving.start(`console.log('begun'); ${code}`);
    await leaving.printed(id, 'begun');
    const exited = new Promise((resolve) => leaving.process.once('exit', resolve));
    expect(await leaving.request('control', 'shutdown_request', { restart: false })).toEqual({
      status: 'ok',
      restart: false,
    });
    await leaving.iopub.find('shutdown_reply', ({ type }) => type === 'shutdown_reply');
    await exited;
    expect(leaving.log).not.toMatch(/terminate|Error/);
    await leaving.stop();
  });
});
