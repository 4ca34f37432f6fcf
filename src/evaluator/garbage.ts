import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How long nobody has asked for anything (ms). */
const IDLE = 500;
/** What may stay; to collect less is not worth the time. */
const LITTER = 4 * 2 ** 20;

/**
 * Collects this thread's garbage when it has had nothing to do for a while: V8 is in no hurry to. Gives what is to be called after each
 * piece of work; now is the first.
 *
 * @param most garbage that may gather while there is work (bytes): a piece of work that leaves more is followed by a collection
 */
export function collectWhenIdle(most = Infinity): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  const used = (): number => getHeapStatistics().used_heap_size;
  let kept = 0;
  let limit = used() + most;
  const collected = (): void => {
    kept = used();
    limit = kept + most;
  };
  const timer = setTimeout(() => {
    if (used() < kept + LITTER) return;
    // Half-empty pages are given back as well, and the second time the room for new objects that the first has emptied.
    setFlagsFromString('--compact-on-every-full-gc');
    collect();
    collect();
    setFlagsFromString('--no-compact-on-every-full-gc');
    collected();
  }, IDLE);
  return () => {
    timer.refresh();
    if (used() < limit) return;
    collect();
    collected();
  };
}
