import { ContractError, StrobeError } from '../../src/errors.js';

/** `process.exit` in cells: the kernel is not theirs to end. */
export function refuseToExit(code?: number | string | null): never {
  throw new ContractError(
    StrobeError.compose('process.exit() would end the kernel, and every variable with it.', {
      expected: 'a cell that ends by itself, or throws',
      received: `process.exit(${code ?? ''})`,
      hint: "to begin anew, restart the kernel from the notebook's menu, or run %reset",
    }),
  );
}
