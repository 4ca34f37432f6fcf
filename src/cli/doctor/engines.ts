import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type EngineReport, listEngines } from '../../backend/index.js';
import { findInstallation } from '../../backend/native/installation.js';
import { nativePaths } from '../../backend/native/paths.js';
import { tryInFreshProcess } from '../../backend/native/trial.js';

/** One engine, as `strobe doctor` reports it. */
export interface EngineFinding {
  name: string;
  available: boolean;
  version: string | null;
  /** True for the engine that `backend: 'auto'` takes. */
  chosen: boolean;
  /** Why it is not available, or was passed over. */
  why: string | null;
  /** What to run to get it; null for what is there. */
  remedy: string | null;
  note: string | null;
}

interface About {
  version?(): string | null;
  remedy: string;
  note?: string;
}

const packaged = (name: string, label: string): Pick<About, 'version'> => ({
  version: () => {
    const version = packageVersion(name);
    return version && `${label} ${version}`;
  },
});

/** What is known of engines that they do not say themselves. */
const about: Readonly<Record<string, About>> = {
  gpu: {
    remedy: 'on Linux with an NVIDIA GPU and its driver: strobe native build --cuda',
    note: 'written for CUDA by the documentation: not tested on hardware yet',
  },
  onnx: { ...packaged('onnxruntime-node', 'ONNX Runtime'), remedy: 'npm install onnxruntime-node@1.30.0' },
  native: { remedy: 'strobe native build --cpu' },
  wasm: {
    ...packaged('@tensorflow/tfjs-backend-wasm', 'tfjs-backend-wasm'),
    remedy: 'npm install @tensorflow/tfjs-backend-wasm@4.22.0',
  },
  cpu: { ...packaged('@tensorflow/tfjs-backend-cpu', 'tfjs-backend-cpu'), remedy: 'npm install' },
};

/**
 * Every engine there is: what it is, whether it works, and what to run where it does not.
 *
 * @param passedOver the engines that `auto` has tried and left
 * @param chosen the one it has taken
 */
export async function examineEngines(
  passedOver: EngineReport['skipped'],
  chosen: string | undefined,
): Promise<EngineFinding[]> {
  const [statuses, tensorflow] = await Promise.all([listEngines(), tryTensorFlow()]);
  return statuses.map(({ name, available, why }) => {
    const known = about[name];
    const skipped = passedOver.find((engine) => engine.name === name)?.why ?? null;
    const onTensorFlow = name === 'gpu' || name === 'native';
    const reason = why ?? skipped ?? (onTensorFlow ? tensorflow.problem : null);
    const works = available && reason === null;
    return {
      name,
      available: works,
      version: (onTensorFlow ? tensorflow.version : known?.version?.()) ?? null,
      chosen: chosen === name,
      why: reason,
      remedy: works ? null : (known?.remedy ?? null),
      note: known?.note ?? null,
    };
  });
}

/** An engine on TensorFlow that is found is also tried: in a process of its own, where it can do no harm. */
async function tryTensorFlow(): Promise<{ version: string | null; problem: string | null }> {
  const found = findInstallation();
  if (typeof found === 'string') return { version: null, problem: null };
  const name = (version: string | null) => version && `TensorFlow ${version}`;
  try {
    return { version: name((await tryInFreshProcess(found.files, nativePaths().log)).version), problem: null };
  } catch (error) {
    const { log, root } = nativePaths();
    const remedy =
      found.source === 'build' ? 'strobe native remove, then strobe native build' : `remove ${found.files.folder}`;
    const what = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { version: name(found.version), problem: `${what}; see ${existsSync(log) ? log : root}; ${remedy}` };
  }
}

function packageVersion(name: string): string | null {
  const require = createRequire(import.meta.url);
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return null;
  }
}
