#!/usr/bin/env node
import { Command } from 'commander';
import { StrobeError } from '../errors.js';
import { STROBE_VERSION } from '../version.js';
import { doctor } from './doctor.js';
import { train, type TrainFlags } from './train.js';

const program = new Command('strobe')
  .description('Train TensorFlow.js models: step, change, rewind and resume the run.')
  .version(STROBE_VERSION);

program
  .command('train')
  .description('train what FILE exports by default: { trainer, model, data }, or a function that gives it')
  .argument('<file>', 'a .ts or .js module')
  .option('--max-epochs <n>', 'stop after this many epochs', Number)
  .option('--ckpt <path>', 'go on from this checkpoint')
  .option('--set <key=value...>', 'settings for the function that FILE exports')
  .option('--backend <name>', 'onnx, gpu, wasm or cpu; default: the fastest that works')
  .option('--json', 'print one JSON object for each event')
  .action((file: string, flags: TrainFlags) => train(file, flags));

program
  .command('doctor')
  .description('what is installed, which engine is used and why, and what to do about the rest')
  .action(doctor);

try {
  await program.parseAsync();
} catch (error) {
  // Errors that say what to do need no stack; others are somebody's bug, and need one.
  console.error(error instanceof StrobeError ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
