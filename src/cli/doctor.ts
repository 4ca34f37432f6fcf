import * as tf from '@tensorflow/tfjs-core';
import { type EngineReport, NoEngineError, useBackend } from '../backend/index.js';
import { STROBE_VERSION } from '../version.js';
import { examineEngines, type EngineFinding } from './doctor/engines.js';
import {
  examineGpus,
  examineJupyter,
  examineMachine,
  type Gpu,
  type Jupyter,
  type MachineFacts,
} from './doctor/machine.js';

/** Everything `strobe doctor` finds out. */
export interface Diagnosis {
  strobe: string;
  tfjs: string;
  machine: MachineFacts;
  gpus: Gpu[];
  jupyter: Jupyter;
  /** What `backend: 'auto'` takes; null when nothing can train. */
  chosen: EngineReport | null;
  engines: EngineFinding[];
}

/** `strobe doctor`: the state of things here, and what to do about what is missing. Fails only if nothing can train. */
export async function doctor({ json }: { json?: boolean } = {}): Promise<void> {
  const diagnosis = await examine();
  console.log(json ? JSON.stringify(diagnosis, null, 2) : toText(diagnosis));
  if (diagnosis.chosen === null) process.exitCode = 1;
}

export async function examine(): Promise<Diagnosis> {
  const [machine, gpus, jupyter] = await Promise.all([examineMachine(), examineGpus(), examineJupyter()]);
  const found = await useBackend('auto').catch((error: unknown) => {
    if (error instanceof NoEngineError) return error;
    throw error;
  });
  const chosen = found instanceof NoEngineError ? null : found;
  const engines = await examineEngines(found.skipped, chosen?.name);
  return { strobe: STROBE_VERSION, tfjs: tf.version_core, machine, gpus, jupyter, chosen, engines };
}

/** A diagnosis for people: one line a thing. */
export function toText({ strobe, tfjs, machine, gpus, jupyter, chosen, engines }: Diagnosis): string {
  const threads = chosen?.threads ? `, ${chosen.threads} ${chosen.threads === 1 ? 'thread' : 'threads'}` : '';
  return [
    `strobe     ${strobe}`,
    `node       ${machine.node}, npm ${machine.npm ?? 'not found'}, on ${machine.system}`,
    `machine    ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB${machine.features.length ? `: ${machine.features.join(' ')}` : ''}`,
    ...(gpus.length === 0
      ? ['gpu        none found by nvidia-smi']
      : gpus.map(({ name, driver, memoryMiB }) => `gpu        ${name}, ${memoryMiB} MiB, driver ${driver}`)),
    `tfjs       ${tfjs}`,
    ...jupyterLines(jupyter),
    `engine     ${chosen ? `${chosen.name} (${chosen.reason})${threads}` : 'none: nothing can train here'}`,
    '',
    'engines, fastest first:',
    ...engines.flatMap(({ name, version, available, why, remedy, note }) => [
      `  ${name.padEnd(8)} ${available ? 'works here' : 'does not work here'}${version ? `, ${version}` : ''}${why ? `: ${why}` : ''}`,
      ...(remedy ? [`           to get it: ${remedy}`] : []),
      ...(note ? [`           ${note}`] : []),
    ]),
  ].join('\n');
}

function jupyterLines({ version, kernel, remedy }: Jupyter): string[] {
  if (version === null) return [`jupyter    not found; to get it: ${remedy}`];
  const place = kernel ? `strobe, in ${kernel.folder}` : 'not installed';
  const state = kernel?.missing ? `${place}, but ${kernel.missing} is gone` : place;
  return [`jupyter    ${version}`, `kernel     ${state}${remedy ? `; to get it: ${remedy}` : ''}`];
}
