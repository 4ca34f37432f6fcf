/** What stands behind a bar: numbers, and words such as a version. */
export type ShownMetrics = Record<string, number | string>;

/** How far a loop has come, as renderers get it. */
export interface ProgressView {
  /** `Epoch 3`, `Validation`, ... */
  description: string;
  /** Index of the epoch that a training loop is in. */
  epoch?: number;
  /** Batches done. */
  done: number;
  /** Infinity when nobody knows. */
  total: number;
  /** Seconds since the loop began, in this process. */
  elapsed: number;
  /** Batches done in these seconds. */
  doneHere: number;
  /** What stands behind the bar. */
  metrics: ShownMetrics;
}

/** A metric in five characters or more: `0.123`, `1.000`, `100.0`, `1.23e+5`, `1e-7`. Words stay as they are. */
export function metricText(value: number | string): string {
  if (typeof value === 'string') return Number.isNaN(Number.parseFloat(value)) ? value : padded(value);
  if (!Number.isFinite(value)) return String(value);
  const plain = Number.isInteger(value) ? value.toFixed(1) : String(value);
  const short = Number(value.toPrecision(3));
  const brief = Math.abs(short) >= 1000 || (short !== 0 && Math.abs(short) < 1e-4) ? exponential(short) : String(short);
  return padded(brief.length < plain.length ? brief : plain);
}

/** Names and texts of what is shown; the version is a name, though it may look like a number. */
export function metricTexts(metrics: ShownMetrics): [name: string, text: string][] {
  return Object.entries(metrics).map(([name, value]) => [name, name === 'v_num' ? String(value) : metricText(value)]);
}

/** What can be drawn as a curve. */
export function numbersIn(metrics: ShownMetrics): Record<string, number> {
  const numeric = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return Object.fromEntries(numeric);
}

function padded(text: string): string {
  if (text.length >= 5 || text.includes('e')) return text;
  return (text.includes('.') ? text : `${text}.`).padEnd(5, '0');
}

function exponential(value: number): string {
  return value.toExponential(2).replace(/\.?0+e/, 'e');
}

/** `0:07`, `12:34`, `1:02:03`; `--:--` when unknown. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '--:--';
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Batches a second, as seen in this process. */
export function rate({ doneHere, elapsed }: ProgressView): number {
  return elapsed > 0 ? doneHere / elapsed : 0;
}

/** `235/938 | 41.2 it/s | 0:05 < 0:17 | loss 0.123 | val_acc 0.980`: everything but the bar. */
export function status(view: ProgressView): string {
  const metrics = metricTexts(view.metrics).map(([name, text]) => `${name} ${text}`);
  return [count(view), speed(view), times(view), ...metrics].join(' | ');
}

/** `235/938`, or `235` when nobody knows the total. */
export function count({ done, total }: ProgressView): string {
  return Number.isFinite(total) ? `${done}/${total}` : String(done);
}

export function speed(view: ProgressView): string {
  const value = rate(view);
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} it/s`;
}

/** Time taken < time left. */
export function times(view: ProgressView): string {
  const perSecond = rate(view);
  const left = perSecond > 0 ? (view.total - view.done) / perSecond : Infinity;
  return `${duration(view.elapsed)} < ${duration(left)}`;
}

/** A bar of `width` characters, filled in eighths. */
export function bar(done: number, total: number, width: number): string {
  const share = Number.isFinite(total) && total > 0 ? Math.min(1, done / total) : 0;
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = eighths % 8 === 0 ? '' : '▏▎▍▌▋▊▉'.charAt((eighths % 8) - 1);
  return `${'█'.repeat(full)}${part}`.padEnd(width, '·');
}
