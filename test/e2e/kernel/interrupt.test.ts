import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { JupyterClient, type Executed } from '../../support/jupyter-client.js';

/** What an interrupt may take, on a machine that does other work besides. */
const PROMPT_MS = 1000;

let kernel: JupyterClient;
beforeAll(async () => {
  kernel = await JupyterClient.start();
  await kernel.execute('1');
});
afterEach(async () => {
  // Whatever was interrupted, the kernel is as good as new.
  expect((await kernel.execute('6 * 7')).result).toBe('42');
});
afterAll(() => kernel.stop());

async function interrupted(code: string): Promise<Executed & { ms: number }> {
  const id = kernel.start(code);
  await kernel.printed(id, 'begun');
  const begun = performance.now();
  expect(await kernel.request('control', 'interrupt_request')).toEqual({ status: 'ok' });
  const executed = await kernel.done(id);
  return { ...executed, ms: performance.now() - begun };
}

function expectInterrupted({ reply, ms }: { reply: Executed['reply']; ms: number }): void {
  expect(reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  expect(ms).toBeLessThan(PROMPT_MS);
}

describe('an interrupt stops', () => {
  it('an endless loop, with its finally blocks run', async () => {
    const cell = await interrupted(`console.log('begun'); try { for (;;); } finally { console.log('cleaned up'); }`);
    expectInterrupted(cell);
    expect(cell.stdout).toContain('cleaned up');
  });

  it('a loop after an await, which does not go on in the background', async () => {
    const cell = await interrupted(`
      let turns = 0;
      console.log('begun');
      try {
        for (;;) { await new Promise((resolve) => setTimeout(resolve, 1)); turns++; }
      } finally { console.log('cleaned up'); }
    `);
    expectInterrupted(cell);
    expect(cell.stdout).toContain('cleaned up');
    const first = await kernel.execute('turns');
    const second = await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 50)); turns');
    expect(second.result).toBe(first.result);
  });

  it('an await of something that never comes', async () => {
    const cell = await interrupted(`
      console.log('begun');
      try { await new Promise(() => {}); } finally { console.log('cleaned up'); }
    `);
    expectInterrupted(cell);
    await kernel.printed(cell.id, 'cleaned up');
  });

  it('a question to the user', async () => {
    const id = kernel.start(`await input('never answered')`, { allow_stdin: true });
    await kernel.stdin.find('input_request', ({ parentId }) => parentId === id);
    const begun = performance.now();
    await kernel.request('control', 'interrupt_request');
    expectInterrupted({ ...(await kernel.done(id)), ms: performance.now() - begun });
  });

  it('queued cells with it', async () => {
    const running = kernel.start(`console.log('begun'); for (;;);`);
    const queued = kernel.start(`console.log('never')`);
    await kernel.printed(running, 'begun');
    await kernel.request('control', 'interrupt_request');
    expectInterrupted({ ...(await kernel.done(running)), ms: 0 });
    expect((await kernel.done(queued)).reply.content['status']).toBe('aborted');
  });
});

describe('an interrupt that comes', () => {
  it('while nothing runs, does nothing', async () => {
    expect(await kernel.request('control', 'interrupt_request')).toEqual({ status: 'ok' });
    expect((await kernel.execute('let sum = 0; for (let i = 0; i < 10; i++) sum += i; sum')).result).toBe('45');
  });

  it('while the cell is compiled, stops it before or while it runs', async () => {
    for (const delay of [2, 5, 10, 20]) {
      const id = kernel.start(`await new Promise((resolve) => setTimeout(resolve, 60_000)); ${'1;'.repeat(200)}`);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await kernel.request('control', 'interrupt_request');
      const { reply } = await kernel.done(id);
      expect(reply.content['ename']).toBe('KeyboardInterrupt');
    }
  });

  it('before the cell that was sent before it, stops that cell and no other', async () => {
    const date = new Date(Date.now() - 5).toISOString();
    await kernel.request('control', 'interrupt_request');
    const content = { code: 'for (;;);', allow_stdin: false };
    const id = kernel.send('shell', 'execute_request', content, { header: { date } });
    expectInterrupted({ ...(await kernel.done(id)), ms: 0 });
    expect((await kernel.execute('1 + 1')).result).toBe('2');
  });

  it('while the kernel starts, stops the cell that waits for it', async () => {
    const young = await JupyterClient.start();
    try {
      const id = young.start('for (;;);');
      await new Promise((resolve) => setTimeout(resolve, 2));
      await young.request('control', 'interrupt_request');
      expect((await young.done(id)).reply.content['ename']).toBe('KeyboardInterrupt');
      expect((await young.execute('1 + 1')).result).toBe('2');
    } finally {
      await young.stop();
    }
  });
});

describe('while a cell computes', () => {
  it('control, heartbeat and history are answered', async () => {
    const id = kernel.start(`console.log('begun'); for (;;);`);
    await kernel.printed(id, 'begun');
    for (const work of [
      () => kernel.heartbeat(),
      () => kernel.request('control', 'kernel_info_request'),
      () => kernel.request('shell', 'kernel_info_request'),
      () => kernel.request('shell', 'history_request', { hist_access_type: 'tail', n: 1 }),
    ]) {
      const begun = performance.now();
      await work();
      expect(performance.now() - begun).toBeLessThan(PROMPT_MS);
    }
    // Front ends show the latest status: it has to be that of the cell.
    await vi.waitFor(() => {
      const last = kernel.iopub.messages.findLast(({ type }) => type === 'status');
      expect(last).toMatchObject({ parentId: id, content: { execution_state: 'busy' } });
    });
    await kernel.request('control', 'interrupt_request');
    await kernel.done(id);
  });
});
