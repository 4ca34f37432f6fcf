import type { RunEvent } from '../run/events.js';
import type { Run } from '../run/run.js';

/** An event as one line of JSON: where the run stands, the loss if there is one, and the metrics as they are. */
export function toJson(event: RunEvent, run: Run): string {
  const { hook: name, position } = event;
  const loss = 'loss' in event ? event.loss?.dataSync()[0] : undefined;
  return JSON.stringify({
    event: name,
    ...position,
    ...(loss === undefined ? {} : { loss }),
    metrics: run.trainer.callbackMetrics,
  });
}
