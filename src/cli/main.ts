#!/usr/bin/env node
import { Command } from 'commander';
import { StrobeError } from '../errors.js';
import { STROBE_VERSION } from '../version.js';
import type { NativeBuildFlags } from './native.js';
import type { InstallFlags, StartFlags } from '../../kernel/command.js';
import type { ReplFlags } from '../../repl/main.js';
import type { TrainFlags } from './train.js';

// What a command needs is loaded when it is called: a kernel is to start at once, and to train needs no sockets.
const program = new Command('strobe')
  .description('Train TensorFlow.js models: step, change, rewind and resume the run.')
  .version(STROBE_VERSION);

program
  .command('train')
  .description('train what FILE exports by default: { trainer, model, data }, or a function that gives it')
  .argument('<file>', 'a .ts or .js module')
  .option('--max-epochs <n>', 'stop after this many epochs')
  .option('--ckpt <path>', 'go on from this checkpoint')
  .option('--set <key=value...>', 'settings for the function that FILE exports')
  .option('--backend <name>', 'gpu, onnx, native, wasm or cpu; default: the fastest that works')
  .option('--json', 'print one JSON object for each event')
  .action(async (file: string, flags: TrainFlags) => (await import('./train.js')).train(file, flags));

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
  .action(async (flags: { json?: boolean }) => (await import('./doctor.js')).doctor(flags));

const native = program.command('native').description('the engine on a current TensorFlow, for GPUs and CPUs');

native
  .command('build')
  .description('install TensorFlow and build the engine against it; goes on where an earlier build stopped')
  .option('--from <dir>', 'use the TensorFlow in this folder: a virtual environment, a wheel, or libtensorflow')
  .option('--cpu', 'the CPU variant')
  .option('--cuda', 'the CUDA variant; default where an NVIDIA driver is loaded')
  .option('--dry-run', 'only say what would be done')
  .action(async (flags: NativeBuildFlags) => (await import('./native.js')).nativeBuild(flags));

native
  .command('status')
  .description('what is built, and what is missing')
  .option('--json', 'print one JSON object')
  .action(async (flags: { json?: boolean }) => (await import('./native.js')).nativeStatus(flags));

native
  .command('remove')
  .description('delete what was built')
  .action(async () => (await import('./native.js')).nativeRemove());

const kernel = program.command('kernel').description('the Jupyter kernel "TypeScript (Strobe)"');

kernel
  .command('install')
  .description('let Jupyter know of the kernel')
  .option('--user', 'for this user; the default')
  .option('--sys-prefix', 'in the active Python environment')
  .option('--prefix <dir>', 'in DIR/share/jupyter')
  .action(async (flags: InstallFlags) => (await import('../../kernel/command.js')).install(flags));

kernel
  .command('uninstall')
  .description('take it out again')
  .option('--user', 'for this user; the default')
  .option('--sys-prefix', 'in the active Python environment')
  .option('--prefix <dir>', 'in DIR/share/jupyter')
  .action(async (flags: InstallFlags) => (await import('../../kernel/command.js')).uninstall(flags));

kernel
  .command('start')
  .description('what Jupyter calls')
  .requiredOption('--connection-file <file>', 'where to listen')
  .action(async (flags: StartFlags) => (await import('../../kernel/command.js')).start(flags));

try {
  await program.parseAsync();
} catch (error) {
  // Errors that say what to do need no stack; others are somebody's bug, and need one.
  console.error(error instanceof StrobeError ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}
