/** Counters of what the engine has done so far. */
export interface EngineStats {
  /** Programs compiled. Constant during training after the first step. */
  compilations: number;
  /** Programs run. */
  launches: number;
  /** Programs now in the cache. */
  programs: number;
  /** Milliseconds spent in scheduling, rendering and compiling. */
  compileMs: number;
  /** Milliseconds spent in walking graphs and finding programs. */
  lookupMs: number;
  /** Milliseconds that launches which do not block kept the calling thread: to start programs, or to run or end short ones. */
  launchMs: number;
  /** Nodes of the last graph. */
  graphNodes: number;
  /** Bytes of device memory: persistent values, arena and staging. */
  deviceBytes: number;
}
