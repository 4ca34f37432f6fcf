import { bundleOf, textOf } from './bundle-of.js';
import { displayHost } from './hosts.js';

const shown = new Set<string>();

/**
 * Shows a value: richly in a notebook (Strobe's kernel, tslab, Deno), as text in a terminal.
 *
 * @param options.id names the place it is shown in: showing something with the same id again replaces it
 */
export function display(value: unknown, { id }: { id?: string } = {}): void {
  const update = id !== undefined && shown.has(id);
  const host = displayHost();
  const bundle = host.rich ? bundleOf(value) : { 'text/plain': textOf(value) };
  host.show(bundle, id === undefined ? { update } : { id, update });
  if (id !== undefined) shown.add(id);
}
