import type { HookName } from '../hooks.js';

/**
 * Between a forward pass and its update. Whoever stands or listens there wants to see it happen; a step that is replayed is
 * computed as a whole, and has no middle.
 */
export const MIDDLE: ReadonlySet<HookName> = new Set([
  'onBeforeZeroGrad',
  'onBeforeBackward',
  'onAfterBackward',
  'onBeforeOptimizerStep',
]);
