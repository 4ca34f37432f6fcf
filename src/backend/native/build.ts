import { existsSync, rmSync } from 'node:fs';
import { findLibrary, requireLibrary } from './library.js';
import { holdLock } from './lock.js';
import { inspectMachine, nvidiaDriver, obstacles } from './machine.js';
import { nativePaths, type NativePaths } from './paths.js';
import type { BuildContext, BuildStage } from './stage.js';
import { stages } from './stages.js';
import { type BuildState, freshState, readState, type Variant, writeState } from './state.js';

export interface BuildOptions {
  /** A folder with a TensorFlow: a wheel's, a virtual environment's, or an unpacked libtensorflow. Default: install a wheel. */
  from?: string | undefined;
  /** Default: `cuda` where NVIDIA's driver is loaded. */
  variant?: Variant | undefined;
  /** Only say what would be done. */
  dryRun?: boolean | undefined;
  /** Ends the build between or inside stages; what is finished stays. */
  signal?: AbortSignal | undefined;
  /** Where it goes. Default: the user's cache folder. */
  paths?: NativePaths | undefined;
  /** Called when a stage begins and when it has ended. */
  onProgress?: ((progress: BuildProgress) => void) | undefined;
}

/** What happens to one stage. */
export interface BuildProgress {
  stage: string;
  title: string;
  /** How it goes about it here; null where there is nothing to say. */
  plan: string | null;
  /** Counts from 1. */
  number: number;
  of: number;
  /** `kept`: its result of an earlier build still stands. `planned`: it would be run. */
  status: 'started' | 'done' | 'kept' | 'planned';
}

/**
 * Builds tfjs-node-gpu against a current TensorFlow, stage by stage. A build that was interrupted, or whose parts have gone
 * missing, goes on at the first stage whose result does not stand.
 *
 * @throws StrobeError that says what the machine lacks, or which stage failed and what to try.
 */
export async function buildNative(options: BuildOptions = {}): Promise<BuildState> {
  const { paths = nativePaths(), signal, dryRun = false, onProgress, from } = options;
  // Before anything of the last build is given up for it.
  if (from !== undefined) requireLibrary(from);
  const state = stateFor(options, paths);
  const machine = await inspectMachine(paths.root);
  const installsWheel = state.from === null && !existsSync(paths.wheel);
  const [obstacle] = obstacles(machine, state.variant, installsWheel);
  if (obstacle) throw obstacle;

  const context = { paths, state, machine, signal };
  if (dryRun) await runStages(stages, context, { dryRun, onProgress });
  else await holdLock(paths.lock, () => runStages(stages, context, { onProgress }));
  return state;
}

/** Runs what has to be run: the first stage that is not done or whose result is gone, and all after it. */
export async function runStages(
  list: readonly BuildStage[],
  context: BuildContext,
  { dryRun, onProgress }: Pick<BuildOptions, 'dryRun' | 'onProgress'> = {},
): Promise<void> {
  const { state, paths, signal } = context;
  const open = list.findIndex((stage) => !state.done.includes(stage.id) || !stage.stands(context));
  const first = open === -1 ? list.length : open;
  for (const [i, stage] of list.entries()) {
    const report = (status: BuildProgress['status']) =>
      onProgress?.({
        stage: stage.id,
        title: stage.title,
        plan: stage.plan?.(context) ?? null,
        number: i + 1,
        of: list.length,
        status,
      });
    if (i < first) {
      report('kept');
      continue;
    }
    if (dryRun) {
      report('planned');
      continue;
    }
    signal?.throwIfAborted();
    // Whatever was built on this stage's earlier result is out of date from here on.
    const stale = new Set(list.slice(i).map(({ id }) => id));
    state.done = state.done.filter((id) => !stale.has(id));
    state.tried = null;
    writeState(paths.state, state);
    report('started');
    await stage.run(context);
    state.done.push(stage.id);
    writeState(paths.state, state);
    report('done');
  }
}

/** Deletes everything a build has made; nothing outside its own folder. */
export function removeNative(paths: NativePaths = nativePaths()): boolean {
  if (!existsSync(paths.root)) return false;
  rmSync(paths.root, { recursive: true, force: true });
  return true;
}

/** The state to go on from: that of the last build, unless another TensorFlow is asked for now. */
function stateFor({ from, variant }: BuildOptions, paths: NativePaths): BuildState {
  const last = readState(paths.state);
  const wanted = variant ?? last?.variant ?? (nvidiaDriver() ? 'cuda' : 'cpu');
  // An installation that has gone is not waited for: a wheel takes its place.
  const source = from ?? (last?.from && findLibrary(last.from) ? last.from : null);
  if (last && last.variant === wanted && last.from === source) return last;
  return freshState(wanted, source);
}
