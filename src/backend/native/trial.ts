import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { StrobeError } from '../../errors.js';
import { runCommand } from './command.js';
import type { EngineFiles } from './load.js';

const answerSchema = z.object({ version: z.string(), gpu: z.boolean(), deviation: z.number() });

/** What an engine said and did when it was tried. */
export type TrialResult = z.infer<typeof answerSchema>;

/** How far three steps may be from the cpu engine's, relative to the largest weight. */
const TOLERANCE = 1e-4;

/**
 * Loads an engine in a process of its own and has it train three steps: a library that crashes takes nobody with it.
 *
 * @throws StrobeError when it does not load, crashes, or computes something else than the cpu engine.
 */
export async function tryInFreshProcess(files: EngineFiles, log: string, signal?: AbortSignal): Promise<TrialResult> {
  const program = fileURLToPath(new URL(`./trial-process${extension()}`, import.meta.url));
  const args = [...loaderOf(program), program, JSON.stringify({ files, log })];
  const hint = 'build it again: strobe native remove, then strobe native build';
  const stdout = await runCommand(process.execPath, args, { what: 'Training three steps on it', log, signal, hint });
  const result = answerSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  if (result.deviation <= TOLERANCE) return result;
  throw new StrobeError(
    StrobeError.compose('The engine trains to other numbers than the cpu engine', {
      expected: `weights within ${TOLERANCE} after three steps`,
      received: `a difference of ${result.deviation}`,
      hint: `${hint}, maybe with another TensorFlow: --from DIR`,
    }),
  );
}

/** Compiled or not, the other program lies beside this one. */
function extension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js';
}

function loaderOf(program: string): string[] {
  if (!program.endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}
