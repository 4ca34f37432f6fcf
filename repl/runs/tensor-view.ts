import type { TensorView } from '../store/state.js';

/** Bars of a histogram. */
const BINS = 24;
/** Elements that are looked at; of larger tensors every so many. */
const MOST = 65_536;

/** A tensor in numbers. Of a large one the norm and the counts are estimates, from elements that lie evenly in it. */
export function viewOfTensor(values: ArrayLike<number>): TensorView {
  const stride = Math.max(1, Math.ceil(values.length / MOST));
  let [least, most, squares, notFinite, seen] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    seen += 1;
    if (!Number.isFinite(value)) {
      notFinite += 1;
      continue;
    }
    squares += value * value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const counts = Array.from({ length: BINS }, () => 0);
  const width = most > least ? most - least : 1;
  for (let i = 0; i < values.length; i += stride) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    const bin = most > least ? Math.min(BINS - 1, Math.floor(((value - least) / width) * BINS)) : BINS >> 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const norm = seen > 0 ? Math.sqrt((squares * values.length) / seen) : 0;
  return { norm, least: least > most ? NaN : least, most: least > most ? NaN : most, notFinite, counts };
}
