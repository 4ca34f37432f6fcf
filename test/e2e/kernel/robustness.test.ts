import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { JupyterClient } from '../../support/jupyter-client.js';

const MUTATIONS = 10_000;
const FLOOD = 1000;

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
  await kernel.execute('1');
});
afterAll(() => kernel.stop());

/** Resident memory of the kernel's process, in MiB. */
function memory(): number {
  const status = readFileSync(`/proc/${kernel.process.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the kernel lives through', () => {
  it(`${MUTATIONS} messages with something wrong in them`, async () => {
    const types = ['execute_request', 'complete_request', 'inspect_request', 'is_complete_request', 'history_request'];
    const others = [
      'comm_open',
      'comm_msg',
      'comm_close',
      'comm_info_request',
      'create_subshell_request',
      'debug_request',
    ];
    const message = fc.record({
      type: fc.constantFrom(...types, ...others, 'interrupt_request', 'delete_subshell_request', 'nonsense'),
      // Of every kind but the right one: nothing here is code that could run.
      content: fc.dictionary(
        fc.constantFrom(
          'code',
          'cursor_pos',
          'comm_id',
          'data',
          'target_name',
          'n',
          'pattern',
          'hist_access_type',
          'user_expressions',
        ),
        fc.oneof(
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.array(fc.integer(), { maxLength: 3 }),
          fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
        ),
      ),
      /** What becomes of the frames: bytes flipped, frames lost, doubled or cut, or a signature that fits what is wrong. */
      damage: fc.constantFrom('none', 'flip', 'drop', 'double', 'cut', 'header', 'json'),
      at: fc.nat(6),
      byte: fc.nat(400),
      channel: fc.constantFrom('shell', 'control', 'stdin'),
    });
    const before = memory();
    const samples = fc.sample(message, { numRuns: MUTATIONS, seed: 7 });
    for (const [count, { type, content, damage, at, byte, channel }] of samples.entries()) {
      const { frames } = kernel.message(type, content);
      const frame = frames[at];
      if (damage === 'flip' && frame) frame[byte % Math.max(frame.length, 1)]! ^= 0xff;
      if (damage === 'drop') frames.splice(at, 1);
      if (damage === 'double' && frame) frames.splice(at, 0, frame);
      if (damage === 'cut' && frame) frames[at] = frame.subarray(0, byte % (frame.length + 1));
      if (damage === 'header') frames[2] = Buffer.from(JSON.stringify({ msg_id: byte, msg_type: [type] }));
      if (damage === 'json') frames[2 + (at % 4)] = Buffer.from('[{');
      if (damage === 'header' || damage === 'json') frames[1] = Buffer.from(kernel.sign(frames.slice(2, 6)));
      kernel.sendFrames(channel, frames);
      if (count % 500 === 499) await kernel.request('control', 'kernel_info_request');
    }
    expect((await kernel.execute('6 * 7')).result).toBe('42');
    expect(memory() - before).toBeLessThan(200);
  });

  it(`${FLOOD} cells at once: all run, in their order`, async () => {
    await kernel.execute('const order: number[] = []');
    const ids = Array.from({ length: FLOOD }, (_, i) => kernel.start(`order.push(${i})`, { store_history: false }));
    await kernel.done(ids[FLOOD / 2] as string, 240_000);
    const half = memory(); // By now the heaps have grown to what they are comfortable with.
    await kernel.done(ids.at(-1) as string, 240_000);
    const { result } = await kernel.execute('order.length === 1000 && order.every((value, i) => value === i)');
    expect(result).toBe('true');
    const idle = kernel.iopub.messages
      .filter(({ content }) => content['execution_state'] === 'idle')
      .map((m) => m.parentId);
    expect(idle.filter((id) => id !== undefined && ids.includes(id))).toEqual(ids);
    expect(memory() - half).toBeLessThan(150);
  });

  it('a client that is killed in the middle of a cell: the next one finds it as it was', async () => {
    await kernel.execute('let steps = 0');
    const client = spawn(process.execPath, ['--input-type=module', '-e', DOOMED], {
      env: { ...process.env, CONNECTION: JSON.stringify(kernel.connection) },
      cwd: new URL('../../../', import.meta.url),
    });
    let said = '';
    client.stdout.on('data', (text: Buffer) => (said += text.toString()));
    while (!said.includes('printing')) await sleep(20);
    client.kill('SIGKILL');
    await once(client, 'exit');
    const next = await kernel.join();
    await next.request('control', 'interrupt_request');
    // While the cell is still on its way out, what comes after it is aborted with it.
    let asked = await next.execute('steps');
    while (asked.reply.content['status'] === 'aborted') asked = await next.execute('steps');
    expect(Number(asked.result)).toBeGreaterThan(0);
    next.disconnect();
  });
});

/** A client that has a cell print for ever, and does not live to see it. */
const DOOMED = `
import { createHmac, randomUUID } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
const { key, shell_port, iopub_port } = JSON.parse(process.env.CONNECTION);
const iopub = new Subscriber();
iopub.connect('tcp://127.0.0.1:' + iopub_port);
iopub.subscribe();
const shell = new Dealer();
shell.connect('tcp://127.0.0.1:' + shell_port);
const code = 'for (;;) { steps++; console.log("printing"); await new Promise((resolve) => setTimeout(resolve, 1)); }';
const header = { msg_id: randomUUID(), session: 'doomed', username: '', date: new Date().toISOString(), msg_type: 'execute_request', version: '5.4' };
const parts = [header, {}, {}, { code }].map((part) => JSON.stringify(part));
const hmac = createHmac('sha256', key);
for (const part of parts) hmac.update(part);
setTimeout(() => shell.send(['<IDS|MSG>', hmac.digest('hex'), ...parts]), 200);
// What the cell prints, not the cell.
for await (const frames of iopub) if (frames.some((frame) => frame.includes('"text":"printing'))) console.log('printing');
`;
