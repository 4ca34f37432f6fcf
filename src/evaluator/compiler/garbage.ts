import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long nobody has asked for anything (ms). */
const IDLE = 500;
/** What may stay; to collect less is not worth the time. */
const LITTER = 8 * 2 ** 20;

/**
 * Collects this thread's garbage when it has nothing to do. Every cell leaves a type checker behind, and V8 is in no hurry to take it
 * away. Gives what is to be called after each piece of work.
 */
export function collectWhenIdle(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  const used = (): number => getHeapStatistics().used_heap_size;
  let kept = 0;
  const timer = setTimeout(() => {
    if (used() < kept + LITTER) return;
    collect();
    kept = used();
  }, IDLE);
  return () => void timer.refresh();
}
