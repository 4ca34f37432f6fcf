import { describe, expect, it } from 'vitest';
import { Outbox, Publisher } from '../../../kernel/io/outbox.js';
import { Wire } from '../../../kernel/protocol/wire.js';

const header = (id: string) => ({ msg_id: id, session: '', username: '', date: '', msg_type: '', version: '' });
const printed = (id: string, name: string, text: string) => ({
  type: 'stream',
  parent: header(id),
  content: { name, text },
});

/** A socket that takes its time, and fails when it is asked for two sends at once. */
function slowSocket() {
  const sent: { type: string; parent: string; content: Record<string, unknown> }[] = [];
  let busy = false;
  const send = async (frames: (Uint8Array | string)[]) => {
    if (busy) throw new Error('busy');
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 2));
    busy = false;
    const { message } = new Wire('').decode(frames.map((frame) => Buffer.from(frame)));
    sent.push({ type: message.header.msg_type, parent: String(message.parent['msg_id']), content: message.content });
  };
  return { sent, outbox: new Outbox({ send }, new Wire('')) };
}

describe('Outbox', () => {
  it('sends one after the other, in order, and goes on after a failure', async () => {
    const { sent, outbox } = slowSocket();
    for (let i = 0; i < 20; i++) outbox.send([], { type: `t${i}`, parent: {}, content: {} });
    await outbox.sent();
    expect(sent.map(({ type }) => type)).toEqual(Array.from({ length: 20 }, (_, i) => `t${i}`));

    let failures = 0;
    const failing = new Outbox({ send: async () => Promise.reject(new Error(String(failures++))) }, new Wire(''));
    failing.send([], { type: 'a', parent: {}, content: {} });
    failing.send([], { type: 'b', parent: {}, content: {} });
    await failing.sent();
    expect(failures).toBe(2);
  });
});

describe('Publisher', () => {
  it('merges what is printed in a row, and keeps cells, streams and other messages apart and in order', async () => {
    const { sent, outbox } = slowSocket();
    let counted = 0;
    const publisher = new Publisher(outbox, (characters) => (counted += characters));
    for (let i = 0; i < 1000; i++) publisher.publish(printed('1', 'stdout', `${i}\n`));
    publisher.publish(printed('1', 'stderr', 'oh\n'));
    publisher.publish(printed('2', 'stderr', 'ah\n'));
    publisher.publish({ type: 'status', parent: header('2'), content: { execution_state: 'idle' } });
    await publisher.sent();
    expect(sent.map(({ type, parent }) => `${type} ${parent}`)).toEqual([
      'stream 1',
      'stream 1',
      'stream 2',
      'status 2',
    ]);
    expect(sent[0]?.content['text']).toBe(Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''));
    expect(counted).toBe(3890 + 3 + 3);
  });

  it('does not wait for long, and not for more than a megabyte', async () => {
    const { sent, outbox } = slowSocket();
    const publisher = new Publisher(outbox);
    publisher.publish(printed('1', 'stdout', 'x'.repeat(2 ** 20)));
    publisher.publish(printed('1', 'stdout', 'soon'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent.map(({ content }) => String(content['text']).length)).toEqual([2 ** 20, 4]);
  });

  it('sends a flood in few messages, and a line after it at once', async () => {
    const { sent, outbox } = slowSocket();
    const publisher = new Publisher(outbox);
    const until = performance.now() + 600;
    while (performance.now() < until) {
      publisher.publish(printed('1', 'stdout', 'flood\n'));
      await new Promise(setImmediate);
    }
    await publisher.sent();
    expect(sent.length).toBeLessThan(10);
    await new Promise((resolve) => setTimeout(resolve, 300));
    publisher.publish(printed('1', 'stdout', 'alone'));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(sent.at(-1)?.content['text']).toBe('alone');
  });
});
