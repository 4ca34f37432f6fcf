import * as tf from '@tensorflow/tfjs-core';
import os from 'node:os';
import { listEngines, useBackend } from '../backend/index.js';
import { STROBE_VERSION } from '../version.js';

/** `strobe doctor`: the state of things here, one line each, and what to do about what is missing. */
export async function doctor(): Promise<void> {
  const { name, reason, threads } = await useBackend('auto');
  const [cpu] = os.cpus();
  const lines = [
    `strobe     ${STROBE_VERSION}`,
    `node       ${process.versions.node} on ${process.platform} ${process.arch}`,
    `machine    ${os.availableParallelism()} cores${cpu ? ` (${cpu.model.trim()})` : ''}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `tfjs       ${tf.version_core}`,
    `engine     ${name} (${reason})${threads === null ? '' : `, ${threads} ${threads === 1 ? 'thread' : 'threads'}`}`,
    '',
    'engines, fastest first:',
    ...(await listEngines()).map(
      ({ name, available, why }) => `  ${name.padEnd(8)} ${available ? 'works here' : `does not work here: ${why}`}`,
    ),
  ];
  console.log(lines.join('\n'));
}
