import { isBetter, worst, type MonitorMode } from '../monitor.js';

/** The k best files so far, by path, in the order in which they were saved. Plain data. */
export type Ranking = Record<string, number>;

/** The worst file of a ranking; the first saved of several that are equally bad. */
export function worstOf(ranking: Ranking, mode: MonitorMode): [path: string, score: number] | undefined {
  return pick(ranking, (score, than) => isBetter(mode, than, score));
}

export function bestOf(ranking: Ranking, mode: MonitorMode): [path: string, score: number] | undefined {
  return pick(ranking, (score, than) => isBetter(mode, score, than));
}

function pick(ranking: Ranking, wins: (score: number, than: number) => boolean): [string, number] | undefined {
  let chosen: [string, number] | undefined;
  for (const entry of Object.entries(ranking)) if (!chosen || wins(entry[1], chosen[1])) chosen = entry;
  return chosen;
}

/** Whether a score earns a place among the k best (-1: all). Ties do not replace; NaN only fills free places. */
export function ranks(ranking: Ranking, score: number, k: number, mode: MonitorMode): boolean {
  if (k === -1 || Object.keys(ranking).length < k) return true;
  const last = worstOf(ranking, mode);
  return last !== undefined && isBetter(mode, score, last[1]);
}

/** NaN counts as the worst there is. */
export function scoreOf(value: number, mode: MonitorMode): number {
  return Number.isNaN(value) ? worst(mode) : value;
}

/** The file that a new one pushes out; empty while there is room. */
export function loserOf(ranking: Ranking, k: number, mode: MonitorMode): string {
  const full = k !== -1 && Object.keys(ranking).length >= k;
  return full ? (worstOf(ranking, mode)?.[0] ?? '') : '';
}

export interface Standing {
  ranking: Ranking;
  best: [path: string, score: number];
  /** The worst of the k best; undefined while there is room. */
  kth: [path: string, score: number] | undefined;
}

/** How things stand once a new file has taken the place of `loser`. */
export function entered(
  ranking: Ranking,
  path: string,
  score: number,
  { loser, k, mode }: { loser: string; k: number; mode: MonitorMode },
): Standing {
  const { [loser]: _gone, ...kept } = ranking;
  const now = { ...kept, [path]: score };
  const full = k === -1 || Object.keys(now).length === k;
  return {
    ranking: now,
    best: bestOf(now, mode) ?? [path, score],
    kth: full ? worstOf(now, mode) : undefined,
  };
}

/** A ranking as YAML: paths and scores. */
export function rankingAsYaml(ranking: Ranking): string {
  const number = (score: number) => (Number.isFinite(score) ? String(score) : score > 0 ? '.inf' : '-.inf');
  const lines = Object.entries(ranking).map(([path, score]) => `${JSON.stringify(path)}: ${number(score)}\n`);
  return lines.join('') || '{}\n';
}
