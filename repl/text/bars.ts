const EIGHTHS = ' ▁▂▃▄▅▆▇█';

/** A histogram of one row: a bar for each count, as high as its share of the largest; what is there is seen. */
export function histogramBars(counts: readonly number[]): string {
  const most = Math.max(...counts, 1);
  return counts.map((count) => EIGHTHS.charAt(count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8)))).join('');
}

/** How far something has come, in a line of this many characters. */
export function progressLine(share: number, width: number): { done: string; rest: string } {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  const done = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '');
  return { done, rest: '─'.repeat(Math.max(0, width - done.length)) };
}

/** `312 MB`, `1.4 GB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log(Math.max(count, 1)) / Math.log(1000))));
  const value = count / 1000 ** power;
  return `${value >= 100 || power === 0 ? value.toFixed(0) : value.toPrecision(2)} ${units[power]}`;
}
