import { describe, expect, it } from 'vitest';
import { start } from './support.js';

describe('a listener', () => {
  it('is told of the hook it asked for, every so often, until it is taken out', async () => {
    const { run } = start();
    const steps: number[] = [];
    const off = run.on({ hook: 'onTrainBatchEnd', every: 2 }, (event) => steps.push(event.position.globalStep));
    await run.step(5);
    off();
    await run.finish();
    expect(steps).toEqual([2, 4]);
  });

  it('is told of every hook when it does not choose', async () => {
    const { run } = start();
    const hooks = new Set<string>();
    run.on(({ hook }) => hooks.add(hook));
    await run.finish();
    expect(hooks).toContain('onBeforeBackward');
    expect(hooks).toContain('onValidationBatchEnd');
    expect(hooks).toContain('teardown');
  });

  it('cannot be told every half time', () => {
    const { run } = start();
    expect(() => run.on({ hook: 'onTrainBatchEnd', every: 0.5 }, () => {})).toThrow(/from 1 up[^]*received: 0\.5/);
  });
});
