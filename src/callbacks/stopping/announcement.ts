/** What this process says: with several of them each line names its own, unless only the first one is to speak. */
export function announcement(
  message: string,
  { worldSize, globalRank }: { worldSize: number; globalRank: number },
  rankZeroOnly: boolean,
): string | undefined {
  if (rankZeroOnly && globalRank > 0) return undefined;
  return worldSize > 1 ? `[rank: ${globalRank}] ${message}` : message;
}
