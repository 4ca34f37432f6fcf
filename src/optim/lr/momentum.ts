import { ConfigurationError, StrobeError } from '../../errors.js';
import type { ParamGroup } from '../groups.js';
import type { Optimizer } from '../optimizer.js';

/** Sets what the group has of momentum: Adam's first beta, or `momentum`. */
export function setMomentum(group: ParamGroup, momentum: number): void {
  if (group.betas) group.betas = [momentum, group.betas[1]];
  else group.momentum = momentum;
}

/** @throws ConfigurationError for an optimizer without anything of the kind. */
export function checkMomentum(owner: string, { defaults, constructor }: Optimizer): void {
  if ('momentum' in defaults || 'betas' in defaults) return;
  throw new ConfigurationError(
    StrobeError.compose(`${owner} cannot cycle the momentum of ${constructor.name}`, {
      expected: 'an optimizer with momentum or betas',
      received: constructor.name,
      hint: 'set cycleMomentum: false.',
    }),
  );
}
