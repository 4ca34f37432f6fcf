import { isLive } from './bundle.js';
import type { MimeBundle } from './bundle.js';
import { bundleWhenReady, textOf } from './bundle-of.js';
import { displayHost } from './hosts.js';

const shown = new Set<string>();
let places = 0;

/**
 * Shows a value: richly in a notebook (Strobe's kernel, tslab, Deno), as text in a terminal.
 *
 * @param value what it is
 * @param options where it is shown
 * @param options.id names the place it is shown in: showing something with the same id again replaces it
 */
export function display(value: unknown, { id }: { id?: string } = {}): void {
  const host = displayHost();
  if (isLive(value) && host.rich && !host.comms) {
    // Without widgets it does not change by itself.
    const place = id ?? `strobe-live-${process.pid}-${++places}`;
    value.onChange(() => show(value, place));
    show(value, place);
  } else {
    show(value, id);
  }
}

function show(value: unknown, id: string | undefined): void {
  const host = displayHost();
  const update = id !== undefined && shown.has(id);
  const show = (bundle: MimeBundle): void => host.show(bundle, id === undefined ? { update } : { id, update });
  if (id !== undefined) shown.add(id);
  const bundle = host.rich ? bundleWhenReady(value) : { 'text/plain': textOf(value) };
  if (!(bundle instanceof Promise)) return show(bundle);
  const done = bundle.then(show);
  host.pending?.(done);
}
