import type { Metrics } from '../../module/metrics.js';

/** How far a loop has come, as renderers get it. */
export interface ProgressView {
  /** `Epoch 3`, `Validation`, ... */
  description: string;
  /** Index of the epoch that a training loop is in. */
  epoch?: number;
  done: number;
  /** Infinity when nobody knows. */
  total: number;
  /** Seconds since the loop began, in this process. */
  elapsed: number;
  /** Batches done in these seconds. */
  doneHere: number;
  metrics: Metrics;
}

/** A metric in five characters or more: `0.123`, `1.000`, `100.0`, `1.23e+5`, `1e-7`. */
export function metricText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const plain = Number.isInteger(value) ? value.toFixed(1) : String(value);
  const short = Number(value.toPrecision(3));
  const brief = Math.abs(short) >= 1000 || (short !== 0 && Math.abs(short) < 1e-4) ? exponential(short) : String(short);
  const text = brief.length < plain.length ? brief : plain;
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
  const speed = rate(view);
  const left = speed > 0 ? (view.total - view.done) / speed : Infinity;
  const total = Number.isFinite(view.total) ? `/${view.total}` : '';
  const metrics = Object.entries(view.metrics).map(([name, value]) => `${name} ${metricText(value)}`);
  const speedText = `${speed >= 100 ? speed.toFixed(0) : speed.toPrecision(3)} it/s`;
  return [`${view.done}${total}`, speedText, `${duration(view.elapsed)} < ${duration(left)}`, ...metrics].join(' | ');
}

/** A bar of `width` characters, filled in eighths. */
export function bar(done: number, total: number, width: number): string {
  const share = Number.isFinite(total) && total > 0 ? Math.min(1, done / total) : 0;
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = eighths % 8 === 0 ? '' : '▏▎▍▌▋▊▉'.charAt((eighths % 8) - 1);
  return `${'█'.repeat(full)}${part}`.padEnd(width, '·');
}
