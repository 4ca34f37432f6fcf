/** What tqdm's users set in the environment counts here, too; Colab's pages cannot take a line for each batch. */
export function refreshRateIn(environment: NodeJS.ProcessEnv, refreshRate: number): number {
  if (environment['COLAB_GPU'] !== undefined && refreshRate === 1) return 20;
  const atLeast = Number(environment['TQDM_MINITERS'] ?? 0);
  return Number.isInteger(atLeast) ? Math.max(atLeast, refreshRate) : refreshRate;
}
