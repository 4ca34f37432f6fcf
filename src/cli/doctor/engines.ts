import { createRequire } from 'node:module';
import { type EngineReport, listEngines } from '../../backend/index.js';
import { findInstallation } from '../../backend/native/installation.js';

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
  version(): string | null;
  remedy: string;
  note?: string;
}

const packaged = (name: string, label: string): Pick<About, 'version'> => ({
  version: () => {
    const version = packageVersion(name);
    return version && `${label} ${version}`;
  },
});

const tensorflow = (): string | null => {
  const found = findInstallation();
  return typeof found === 'string' || found.version === null ? null : `TensorFlow ${found.version}`;
};

/** What is known of engines that they do not say themselves. */
const about: Readonly<Record<string, About>> = {
  gpu: {
    version: tensorflow,
    remedy: 'on Linux with an NVIDIA GPU and its driver: strobe native build --cuda',
    note: 'written for CUDA by the documentation: not tested on hardware yet',
  },
  onnx: { ...packaged('onnxruntime-node', 'ONNX Runtime'), remedy: 'npm install onnxruntime-node@1.30.0' },
  native: { version: tensorflow, remedy: 'strobe native build --cpu' },
  wasm: {
    ...packaged('@tensorflow/tfjs-backend-wasm', 'tfjs-backend-wasm'),
    remedy: 'npm install @tensorflow/tfjs-backend-wasm@4.22.0',
  },
  cpu: { ...packaged('@tensorflow/tfjs-backend-cpu', 'tfjs-backend-cpu'), remedy: 'npm install' },
};

/** Every engine there is: what it is, whether it works, and what to run where it does not. */
export async function examineEngines(chosen: EngineReport | null, problem: string | null): Promise<EngineFinding[]> {
  const statuses = await listEngines();
  return statuses.map(({ name, available, why }) => {
    const known = about[name];
    const failure = chosen?.skipped.find((engine) => engine.name === name)?.why ?? null;
    const works = available && failure === null && problem === null;
    return {
      name,
      available: works,
      version: known?.version() ?? null,
      chosen: chosen?.name === name,
      why: why ?? failure ?? problem,
      remedy: works ? null : (known?.remedy ?? null),
      note: known?.note ?? null,
    };
  });
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
