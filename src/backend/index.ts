import * as tf from '@tensorflow/tfjs-core';
import { ConfigurationError, StrobeError, describe } from '../errors.js';
import { startCpu } from './cpu.js';
import { computesOn, gpuAvailable, nativeAvailable, nativeThreads, startGpu, startNative } from './native/start.js';
import { onnxAvailable, onnxThreads, setOnnxThreads, startOnnx } from './onnx/start.js';
import { startWasm, wasmAvailable } from './wasm/start.js';

export { isOutOfMemory } from './out-of-memory.js';

/**
 * Choosing an engine: the tfjs backend everything is computed on. What differs between engines stays in this folder; it
 * knows tensors, not training.
 */
interface Engine {
  name: string;
  /** True, or why it cannot be used here. Cheap, and changes nothing. */
  available(): Promise<true | string>;
  /** Makes it tfjs's current backend. May be called again. */
  start(): Promise<void>;
  /** How many threads compute, once it has started. */
  threads(): number;
  /** Computes with another number of threads, where the engine can. */
  setThreads?(count: number): void;
  /** Whether it is tfjs's current backend. Default: a backend of its name is. */
  active?(): boolean;
  /** Comes with the package, so that it is news where it does not work. */
  bundled?: boolean;
}

/** From the fastest to the slowest; `auto` takes the first that works. */
const engines: readonly Engine[] = [
  {
    name: 'gpu',
    available: gpuAvailable,
    start: startGpu,
    threads: nativeThreads,
    active: () => computesOn() === 'gpu',
  },
  {
    name: 'onnx',
    available: onnxAvailable,
    start: startOnnx,
    threads: onnxThreads,
    setThreads: setOnnxThreads,
    bundled: true,
  },
  {
    name: 'native',
    available: nativeAvailable,
    start: startNative,
    threads: nativeThreads,
    active: () => computesOn() === 'cpu',
  },
  { name: 'wasm', available: wasmAvailable, start: startWasm, threads: () => 1, bundled: true },
  { name: 'cpu', available: async () => true, start: startCpu, threads: () => 1 },
];

/**
 * An engine's name, or `auto` for the fastest that works: `gpu` (TensorFlow on a CUDA device), `onnx`, `native`
 * (TensorFlow on the CPU), `wasm`, `cpu`.
 */
export type EngineChoice = 'auto' | 'gpu' | 'onnx' | 'native' | 'wasm' | 'cpu';

/** Which engine computes, and why that one. */
export interface EngineReport {
  /** The engine's name, or tfjs's name of a backend that is none of Strobe's. */
  name: string;
  /** Why this engine, in a few words. */
  reason: string;
  /** The faster engines that were passed over, and why. */
  skipped: { name: string; why: string }[];
  /** Threads that compute; null when the engine is not one of Strobe's and does not say. */
  threads: number | null;
}

/** One line of `listEngines()`. */
export interface EngineStatus {
  /** The name that `backend` takes. */
  name: string;
  /** Whether it can be used on this machine. */
  available: boolean;
  /** Why not, when it is not available. */
  why: string | null;
  /** True for tfjs's current backend. */
  active: boolean;
}

/**
 * Makes an engine tfjs's current backend and says which. May be called at any time and again: tensors and variables that
 * exist already move to the new engine when it first uses them.
 *
 * `auto` leaves a backend alone that is none of Strobe's (say, `tensorflow` of tfjs-node): whoever set it meant it.
 *
 * @throws ConfigurationError when the engine does not exist or does not work here.
 */
export async function useBackend(choice: EngineChoice): Promise<EngineReport> {
  return choice === 'auto' ? useFastest() : useNamed(choice);
}

const told = new Set<string>();

/**
 * A line for the user where a faster engine should have worked; null where there is nothing to say, or it has been said
 * in this process.
 */
export function slowdown({ name, skipped }: EngineReport): string | null {
  const missed = skipped.find((each) => engines.some((engine) => engine.name === each.name && engine.bundled));
  if (!missed || told.has(missed.name)) return null;
  told.add(missed.name);
  return `The engine ${missed.name} does not work here, ${name} is used: ${missed.why}. strobe doctor says more.`;
}

/** Every engine there is, fastest first, and whether it would work here. Starts none. */
export async function listEngines(): Promise<EngineStatus[]> {
  return Promise.all(
    engines.map(async (engine) => {
      const answer = await engine.available();
      const why = answer === true ? null : answer;
      return { name: engine.name, available: why === null, why, active: isActive(engine) };
    }),
  );
}

function isActive({ name, active }: Engine): boolean {
  return active ? active() : tf.getBackend() === name;
}

/** What a run has to find again in order to go on with the same bits. */
export interface EngineSettings {
  name: string;
  threads: number;
}

/** The engine that computes now; undefined for a backend that is none of Strobe's. */
export function engineSettings(): EngineSettings | undefined {
  const engine = engines.find(isActive);
  return engine && { name: engine.name, threads: engine.threads() };
}

/** Takes over the number of threads that the same engine had. Another engine than the current one is not started. */
export function restoreEngineSettings({ name, threads }: EngineSettings): void {
  engines.find((engine) => engine.name === name && isActive(engine))?.setThreads?.(threads);
}

/** Nothing can train here. */
export class NoEngineError extends ConfigurationError {
  constructor(readonly skipped: EngineReport['skipped']) {
    super(
      StrobeError.compose('No engine works here', {
        expected: `one of ${engines.map(({ name }) => name).join(', ')}`,
        received: skipped.map(({ name, why }) => `${name}: ${why}`).join('; '),
        hint: 'install the dependencies again: npm ci',
      }),
    );
  }
}

async function useFastest(): Promise<EngineReport> {
  const current = tf.getBackend();
  if (current && !engines.some(isActive)) {
    return { name: current, reason: 'it was set already', skipped: [], threads: null };
  }
  const skipped: EngineReport['skipped'] = [];
  for (const engine of engines) {
    const problem = await tryToStart(engine);
    if (!problem)
      return { name: engine.name, reason: 'the fastest that works here', skipped, threads: engine.threads() };
    skipped.push({ name: engine.name, why: problem.why });
  }
  throw new NoEngineError(skipped);
}

async function useNamed(choice: EngineChoice): Promise<EngineReport> {
  const engine = engines.find(({ name }) => name === choice);
  if (!engine) {
    throw new ConfigurationError(
      StrobeError.compose('There is no such engine', {
        expected: `'auto' or one of ${engines.map(({ name }) => `'${name}'`).join(', ')}`,
        received: describe(choice),
        hint: "pass backend: 'auto' for the fastest that works here",
      }),
    );
  }
  const problem = await tryToStart(engine);
  if (problem) {
    throw new ConfigurationError(
      StrobeError.compose(`The engine '${choice}' does not work here`, {
        expected: `an environment in which '${choice}' starts`,
        received: problem.why,
        hint: "pass backend: 'auto' for the fastest that works here",
      }),
      { cause: problem.cause },
    );
  }
  return { name: engine.name, reason: 'asked for by name', skipped: [], threads: engine.threads() };
}

/** Starts an engine, or says what is in the way. A start that fails leaves the backend that was set before. */
async function tryToStart(engine: Engine): Promise<{ why: string; cause?: unknown } | null> {
  const answer = await engine.available();
  if (answer !== true) return { why: answer };
  const before = tf.getBackend();
  try {
    await engine.start();
    return null;
  } catch (cause) {
    if (before && tf.getBackend() !== before) await tf.setBackend(before);
    return { why: cause instanceof Error ? cause.message : String(cause), cause };
  }
}
