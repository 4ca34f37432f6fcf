#!/usr/bin/env node
import { Command } from 'commander';
import { StrobeError } from '../errors.js';
import { STROBE_VERSION } from '../version.js';
import { nativeBuild, type NativeBuildFlags, nativeRemove, nativeStatus } from './native.js';
import { doctor } from './doctor.js';
import { train, type TrainFlags } from './train.js';
import type { ReplFlags } from '../../repl/main.js';

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
  .option('--backend <name>', 'gpu, onnx, native, wasm or cpu; default: the fastest that works')
  .option('--json', 'print one JSON object for each event')
  .action((file: string, flags: TrainFlags) => train(file, flags));

program
  .command('repl')
  .description('train in the terminal: step, look, change, rewind, fork; without FILE the digits demo')
  .argument(
    '[file]',
    'a .ts or .js module that exports { trainer, model, data } by default, or a function that gives it',
  )
  .option('--ckpt <path>', 'go on from this checkpoint')
  .option('--set <key=value...>', 'settings for the function that FILE exports')
  .option('--backend <name>', 'gpu, onnx, native, wasm or cpu; default: the fastest that works')
  .option('--recover', 'go on from what was saved when the application was last ended by a crash or a signal')
  .option('--plain', 'read commands from standard input, print plain lines; what happens where there is no terminal')
  .action(async (file: string | undefined, flags: ReplFlags) => (await import('../../repl/main.js')).repl(file, flags));

program
  .command('doctor')
  .description('what is installed, which engine is used and why, and what to do about the rest')
  .option('--json', 'print one JSON object')
  .action((flags: { json?: boolean }) => doctor(flags));

const native = program.command('native').description('the engine on a current TensorFlow, for GPUs and CPUs');

native
  .command('build')
  .description('install TensorFlow and build the engine against it; goes on where an earlier build stopped')
  .option('--from <dir>', 'use the TensorFlow in this folder: a virtual environment, a wheel, or libtensorflow')
  .option('--cpu', 'the CPU variant')
  .option('--cuda', 'the CUDA variant; default where an NVIDIA driver is loaded')
  .option('--dry-run', 'only say what would be done')
  .action((flags: NativeBuildFlags) => nativeBuild(flags));

native
  .command('status')
  .description('what is built, and what is missing')
  .option('--json', 'print one JSON object')
  .action((flags: { json?: boolean }) => nativeStatus(flags));

native.command('remove').description('delete what was built').action(nativeRemove);

try {
  await program.parseAsync();
} catch (error) {
  // Errors that say what to do need no stack; others are somebody's bug, and need one.
  console.error(error instanceof StrobeError ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
