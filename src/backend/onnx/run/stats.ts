/** What the engine has done so far, for tests, benchmarks and diagnosis. */
export interface EngineStats {
  /** Native calls. */
  runs: number;
  /** Native calls that were made without recording what they compute. */
  repeated: number;
  /** Graphs compiled, and the time that took. */
  compiled: number;
  /** Milliseconds spent on that. */
  compileMs: number;
  /** Traces too small to be worth a native call. */
  interpreted: number;
  /** Calls per kernel that the cpu backend computed because there is no native form for them. */
  fallbacks: Map<string, number>;
}

export function emptyStats(): EngineStats {
  return { runs: 0, repeated: 0, compiled: 0, compileMs: 0, interpreted: 0, fallbacks: new Map() };
}
