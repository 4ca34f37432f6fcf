/** Writes docs/hooks.md from the code: `npx tsx scripts/hook-matrix.ts`. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { format, resolveConfig } from 'prettier';
import { Callback, Module, ModelCheckpoint, parameter, SGD, Trainer, type TrainerOptions } from '../src/index.js';
import { predict, test, validate } from '../src/trainer/evaluate.js';
import { fit } from '../src/trainer/fit.js';
import { eventData, HOOK_NAMES, type HookName } from '../src/trainer/hooks.js';
import type { Phase } from '../src/trainer/program.js';
import type { Session } from '../src/trainer/session.js';

const ROOT = new URL('..', import.meta.url);
export const PAGE = new URL('docs/hooks.md', ROOT);

const EXTRA = ['onSaveCheckpoint', 'onLoadCheckpoint', 'onException'] as const;
const HOOKS = [...HOOK_NAMES, ...EXTRA];
type Name = (typeof HOOKS)[number];

/** Notes each call of each hook. */
class Recorder extends Callback {
  readonly calls: Name[] = [];
  constructor() {
    super();
    for (const hook of HOOKS) Object.assign(this, { [hook]: () => void this.calls.push(hook) });
  }
}

class Model extends Module {
  readonly w = parameter(tf.scalar(1));
  constructor(readonly duringBatch: (batchIdx: number, model: Module) => void = () => {}) {
    super();
  }
  override forward(x: tf.Tensor): tf.Tensor {
    return tf.mean(tf.mul(x, this.w.variable));
  }
  override trainingStep(batch: tf.Tensor, batchIdx: number): tf.Scalar {
    this.duringBatch(batchIdx, this);
    return this.forward(batch) as tf.Scalar;
  }
  override validationStep(): void {}
  override testStep(): void {}
  override configureOptimizers(): SGD {
    return new SGD(this.parameters(), { lr: 0.1 });
  }
}

const batches = (count: number) => Array.from({ length: count }, () => tf.ones([2]));
const data = () => ({ train: batches(2), val: batches(1), test: batches(1), predict: batches(1) });

type Scenario = (
  setUp: (options?: TrainerOptions) => { trainer: Trainer; recorder: Recorder },
  folder: string,
) => Promise<Name[]>;

/** What happens, by the column it fills. */
const SCENARIOS: Record<string, Scenario> = {
  fit: async (setUp, folder) => {
    const { trainer, recorder } = setUp({ callbacks: [new ModelCheckpoint({ dirpath: join(folder, 'fit') })] });
    await trainer.fit(new Model(), data());
    return recorder.calls;
  },
  validate: async (setUp) => {
    const { trainer, recorder } = setUp();
    await trainer.validate(new Model(), data());
    return recorder.calls;
  },
  test: async (setUp) => {
    const { trainer, recorder } = setUp();
    await trainer.test(new Model(), data());
    return recorder.calls;
  },
  predict: async (setUp) => {
    const { trainer, recorder } = setUp();
    await trainer.predict(new Model(), data());
    return recorder.calls;
  },
  stop: async (setUp) => {
    const { trainer, recorder } = setUp();
    const stopping = new Model((batchIdx, { trainer }) => {
      if (batchIdx > 0) return;
      trainer.shouldStop = true;
      recorder.calls.length = 0;
    });
    await trainer.fit(stopping, data());
    return recorder.calls;
  },
  exception: async (setUp) => {
    const { trainer, recorder } = setUp();
    const failing = new Model((batchIdx) => {
      if (batchIdx === 0) return;
      recorder.calls.length = 0;
      throw new Error('on purpose');
    });
    await trainer.fit(failing, data()).catch((error: Error) => {
      if (error.message !== 'on purpose') throw error;
    });
    return recorder.calls;
  },
  resume: async (setUp, folder) => {
    const path = join(folder, 'resume.ckpt');
    const first = setUp();
    const run = first.trainer.run(new Model(), data());
    await run.step();
    await run.save(path);
    await run.stop();
    const { trainer, recorder } = setUp();
    await trainer.fit(new Model(), data(), { ckptPath: path });
    return recorder.calls;
  },
};

/** Runs every scenario. */
async function record(): Promise<Record<string, Name[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'hook-matrix-'));
  const setUp = (options: TrainerOptions = {}) => {
    const recorder = new Recorder();
    const trainer = new Trainer({
      backend: 'cpu',
      logger: false,
      enableProgressBar: false,
      enableModelSummary: false,
      enableCheckpointing: options.callbacks !== undefined,
      maxEpochs: 1,
      ...options,
      callbacks: [recorder, ...(options.callbacks ?? [])],
    });
    return { trainer, recorder };
  };
  try {
    const calls: Record<string, Name[]> = {};
    for (const [name, scenario] of Object.entries(SCENARIOS)) calls[name] = [...(await scenario(setUp, folder))];
    return calls;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Signature {
  doc: string;
  args: string;
}

/** What the interfaces say of each hook: its comment, and the arguments after trainer and module. */
async function signatures(): Promise<Map<string, Signature>> {
  const found = new Map<string, Signature>();
  for (const path of ['src/trainer/callback.ts', 'src/trainer/hook-methods.ts']) {
    const source = await readFile(new URL(path, ROOT), 'utf8');
    const pattern =
      /(?:\/\*\* ([^\n]*?) \*\/\n\s*)?(\w+)\?\(\s*(trainer: Trainer,\s*module: Module[\s\S]*?)\)\s*:\s*unknown;/g;
    for (const [, doc = '', name = '', parameters = ''] of source.matchAll(pattern)) {
      const names = [...parameters.matchAll(/(\w+): [^,]+/g)].map(([, each = '']) => each);
      found.set(name, { doc, args: names.slice(2).join(', ') });
    }
  }
  return found;
}

/** A program as a list: what it does, in order, hooks in bold. */
function outline(phases: readonly Phase<Session, HookName>[], indent = ''): string[] {
  const inner = `${indent}  `;
  return phases.flatMap((phase): string[] => {
    switch (phase.kind) {
      case 'hook':
        return [`${indent}- **${phase.name}**`];
      case 'act':
        return [`${indent}- ${phase.name}`];
      case 'when':
        return [`${indent}- if ${phase.name}:`, ...outline(phase.body, inner)];
      case 'loop':
        return [
          `${indent}- for each of the ${phase.name === 'batch' ? 'batches' : phase.name}:`,
          ...outline(phase.body, inner),
        ];
      case 'scope':
        return [...outline(phase.enter, indent), ...outline(phase.body, inner), ...outline(phase.exit, indent)];
    }
  });
}

const DOCS_OF_EXTRA: Record<(typeof EXTRA)[number], string> = {
  onSaveCheckpoint: 'A checkpoint is about to be written: add to it.',
  onLoadCheckpoint: 'A fit goes on from a checkpoint, whose weights have just been loaded.',
  onException: 'The run has failed or was interrupted; the end hooks that are owed come next.',
};

/** The page, as it should be. */
export async function hooksPage(): Promise<string> {
  const [calls, known] = [await record(), await signatures()];
  const columns = Object.keys(calls);
  const count = (column: string, hook: Name) => calls[column]?.filter((each) => each === hook).length || '';
  const rows = HOOKS.map((hook) => {
    const { doc, args } = known.get(hook) ?? { doc: '', args: '' };
    const told = args === '' ? '' : `\`${args}\``;
    return [
      `\`${hook}\``,
      told,
      ...columns.map((column) => count(column, hook)),
      doc || DOCS_OF_EXTRA[hook as (typeof EXTRA)[number]],
    ];
  });
  const table = [['hook', 'arguments', ...columns, 'when'], ['---', '---', ...columns.map(() => ':-:'), '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
  const events = HOOK_NAMES.map((hook) => [
    `\`${hook}\``,
    eventData(hook)
      .map((name) => `\`${name}\``)
      .join(', '),
  ]);
  const eventTable = [['hook', 'its event carries'], ['---', '---'], ...events]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
  const sequence = (column: string) => (calls[column] ?? []).map((hook) => `\`${hook}\``).join(' · ');
  const programs = Object.entries({ fit, validate, test, predict }).map(
    ([name, program]) => `## What \`trainer.${name}\` does\n\n${outline(program.phases).join('\n')}`,
  );
  const text = `# Hooks

<!-- Generated from the code by scripts/hook-matrix.ts: change that, and run npx tsx scripts/hook-matrix.ts. -->

Which hook is called when, how often, and with what. Callbacks get \`(trainer, module, ...arguments)\`, the module gets the
arguments alone; a callback's hook may be asynchronous. Within one hook the callbacks come in the order of the list
(tuners first, checkpoints last), then the module; in \`onTrainEpochEnd\` whatever monitors or saves comes after the module.

The numbers are calls in a run that was made for this page: two training batches, one validation, test and prediction batch,
one epoch. \`fit\` has a sanity check and saves one checkpoint. \`stop\` is what is called after \`trainer.shouldStop\` was set
in the first batch, \`exception\` after an error in the second one (an interrupt is the same), and \`resume\` what a fit calls that goes on
from a checkpoint saved at the first batch's end.

${table}

**After a stop:** ${sequence('stop')}

**After an error:** ${sequence('exception')}

**In a resumed fit:** ${sequence('resume')}

## The events of a run

What \`run.next()\`, \`until\`, listeners, breakpoints and \`for await\` give is an event: \`hook\` (by which TypeScript tells events apart),
\`position\` (\`stage\`, \`hook\`, \`path\`, \`epoch\`, \`batchIdx\`, \`globalStep\`, \`dataloaderIdx\`), and what this table says.
\`loss\` is what is differentiated: the step's loss divided by the accumulation window. \`gradients\` are by parameter name.
Tensors in an event are the run's own: they live until the step ends, \`clone()\` what is to stay.

${eventTable}

${programs.join('\n\n')}
`;
  return format(text, { ...(await resolveConfig(fileURLToPath(PAGE))), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(PAGE, await hooksPage());
