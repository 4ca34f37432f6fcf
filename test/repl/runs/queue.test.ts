import { expect, it } from 'vitest';
import { Queue } from '../../../repl/runs/queue.js';

it('does one thing after another, in order', async () => {
  const queue = new Queue();
  const done: number[] = [];
  const work = (n: number, wait: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, wait));
    done.push(n);
    return n;
  };
  expect(await Promise.all([queue.add(work(1, 20)), queue.add(work(2, 0))])).toEqual([1, 2]);
  expect(done).toEqual([1, 2]);
  expect(queue.busy).toBe(false);
});

it('goes on after work that failed, and tells whoever asked for it', async () => {
  const queue = new Queue();
  const failing = queue.add(async () => {
    throw new Error('no');
  });
  const next = queue.add(async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

it('drops what has not begun when it is cleared', async () => {
  const queue = new Queue();
  let open = (): void => undefined;
  const first = queue.add(async () => new Promise<void>((resolve) => (open = resolve)));
  const second = queue.add(async () => 'done');
  await Promise.resolve();
  queue.clear();
  open();
  await first;
  expect(await second).toBeUndefined();
});
