import { existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../folder.js';
import { StrobeError } from '../../errors.js';
import { runCommand } from './command.js';
import { libraryIsThere, requireLibrary } from './library.js';
import { bindingFile, NAPI_VERSION, packageFolder, type NativePaths } from './paths.js';
import { engineProject, quietProject } from './sources.js';
import type { BuildContext, BuildStage } from './stage.js';
import type { BuildState, Library } from './state.js';
import { tryInFreshProcess } from './trial.js';
import { obtainWheel, TENSORFLOW_VERSION, wheelArguments } from './wheel.js';

/** Unpacked. The second is what TensorFlow's documentation leads to expect. */
const WHEEL_SIZE: Record<BuildState['variant'], string> = { cpu: '1.3 GB', cuda: 'about 8 GB' };

export const stages: readonly BuildStage[] = [
  {
    id: 'tensorflow',
    title: `find TensorFlow, or install the wheel of ${TENSORFLOW_VERSION}`,
    plan: ({ paths, state, machine }) => {
      if (state.from !== null) return `the one in ${state.from}`;
      const wheel = wheelArguments(state.variant, machine).at(-1);
      return `pip of ${machine.python?.version ?? 'python3'}: ${wheel} into ${paths.wheel}, ${WHEEL_SIZE[state.variant]}`;
    },
    stands: ({ state }) => state.library !== null && libraryIsThere(state.library),
    run: async (context) => {
      const { from } = context.state;
      context.state.library = from === null ? await obtainWheel(context) : requireLibrary(from);
    },
  },
  {
    id: 'package',
    title: 'install @tensorflow/tfjs-node-gpu without its download',
    plan: ({ paths }) => `npm: 4.22.0 into ${paths.engine}, 9 MB`,
    stands: ({ paths }) => existsSync(join(packageFolder(paths), 'binding.gyp')),
    run: installPackage,
  },
  {
    id: 'link',
    title: "link TensorFlow's headers and libraries",
    stands: ({ paths }) => existsSync(join(packageFolder(paths), 'deps', 'include', 'tensorflow')),
    run: async ({ paths, state }) => linkLibrary(packageFolder(paths), libraryOf(state)),
  },
  {
    id: 'compile',
    title: 'compile the addon',
    plan: ({ machine }) => `node-gyp with ${machine.compiler?.version ?? 'c++'}`,
    stands: ({ paths }) => existsSync(bindingFile(packageFolder(paths))) && existsSync(quietFile(paths)),
    run: compile,
  },
  {
    id: 'trial',
    title: 'load it in a fresh process, train three steps and compare with the cpu engine',
    stands: ({ state }) => state.tried !== null,
    run: async ({ paths, state, signal }) => {
      state.tried = await tryInFreshProcess(
        { folder: packageFolder(paths), binding: bindingFile(packageFolder(paths)), quiet: quietFile(paths) },
        paths.log,
        signal,
      );
    },
  },
];

/** The addon that keeps TensorFlow's greeting off the screen. */
export function quietFile(paths: NativePaths): string {
  return join(paths.engine, 'quiet', 'build', 'Release', 'quiet.node');
}

async function installPackage({ paths, signal }: BuildContext): Promise<void> {
  rmSync(paths.engine, { recursive: true, force: true });
  for (const [folder, files] of Object.entries(engineProject)) writeFiles(join(paths.engine, folder), files);
  await runCommand('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    log: paths.log,
    cwd: paths.engine,
    hint: 'check that npm reaches its registry: npm ping',
    signal,
  });
}

/**
 * Only the names a linker looks for. At run time the libraries are found where they really are, since they find their own
 * companions (CUDA's) relative to that place.
 */
function linkLibrary(folder: string, { include, main, framework }: Library): void {
  const deps = join(folder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  makeFolder(join(deps, 'lib'));
  symlinkSync(include, join(deps, 'include'));
  const [prefix, suffix] = process.platform === 'darwin' ? ['.2', '.dylib'] : ['', '.so'];
  symlinkSync(main, join(deps, 'lib', `libtensorflow${prefix}${suffix}`));
  symlinkSync(framework, join(deps, 'lib', `libtensorflow_framework${prefix}${suffix}`));
}

async function compile({ paths, state, signal }: BuildContext): Promise<void> {
  const folder = packageFolder(paths);
  const library = libraryOf(state);
  const runPath = [...new Set([dirname(library.main), dirname(library.framework)])].map((at) => `-Wl,-rpath,${at}`);
  const gyp = (cwd: string, args: string[]) =>
    runCommand(process.execPath, [createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js'), ...args], {
      log: paths.log,
      cwd,
      env: { ...process.env, LDFLAGS: [process.env['LDFLAGS'] ?? '', ...runPath].join(' ').trim() },
      hint: 'see whether the compiler knows C++17 and Node’s headers are there (npm config get nodedir)',
      signal,
    });
  // Left by a build that was interrupted or that linked another TensorFlow.
  rmSync(bindingFile(folder), { force: true });
  const quiet = join(paths.engine, 'quiet');
  writeFiles(quiet, quietProject);
  await gyp(quiet, ['rebuild', ...nodeHeaders()]);
  await gyp(folder, [
    'rebuild',
    ...nodeHeaders(),
    `--module=${bindingFile(folder)}`,
    '--module_name=tfjs_binding',
    `--module_path=${dirname(bindingFile(folder))}`,
    `--napi_build_version=${NAPI_VERSION}`,
  ]);
}

/** The headers that came with this Node, where they did; else node-gyp fetches them. */
function nodeHeaders(): string[] {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? [`--nodedir=${prefix}`] : [];
}

function libraryOf({ library }: BuildState): Library {
  if (library) return library;
  throw new StrobeError(
    StrobeError.compose('The build does not know its TensorFlow', {
      expected: 'a library from the first stage',
      received: 'none',
      hint: 'start over: strobe native remove, then strobe native build',
    }),
  );
}

function writeFiles(folder: string, files: Record<string, string>): void {
  makeFolder(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
