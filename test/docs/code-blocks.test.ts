import { mkdirSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { blocksIn, codeBlocks, runBlock, typeErrors } from '../../scripts/code-blocks.js';
import { scratchFolder } from '../support/scripted.js';
import { setting } from './setting.js';

const scratch = scratchFolder();
const home = process.cwd();
const blocks = await codeBlocks();
const lent = { module: new URL('setting.ts', import.meta.url), names: ['model', 'data', 'trainer', 'folder'] };

describe('the code in README.md and docs/', () => {
  /** It writes where it is started. */
  beforeEach(() => {
    const folder = scratch();
    mkdirSync(folder);
    process.chdir(folder);
    vi.spyOn(console, 'log').mockReturnValue();
    vi.spyOn(console, 'warn').mockReturnValue();
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => process.chdir(home));

  it('is there', () => expect(blocks.length).toBeGreaterThan(20));

  it('has no type errors', () => expect(typeErrors(blocks, lent)).toEqual([]), 120_000);

  it.each(blocks.filter(({ runs }) => runs))(
    '$name runs',
    async (block) => {
      await runBlock(block, setting(process.cwd()), async (module) => import(module) as Promise<unknown>);
      expect(vi.mocked(console.log).mock.calls.flat()).not.toContain(undefined);
    },
    60_000,
  );
});

describe('a block of code', () => {
  const page = (code: string) => blocksIn(`${home}/docs/page.md`, `# Page\n\n\`\`\`ts\n${code}\n\`\`\`\n`);

  it('is known by its page and line', () => {
    expect(page('let x;')).toMatchObject([{ name: 'docs/page.md:4', code: 'let x;\n', runs: true }]);
    expect(blocksIn('docs/page.md', '```ts no-run\nlet x;\n```\n```sh\nls\n```\n')).toMatchObject([{ runs: false }]);
  });

  it('may use the setting, or have its own; an error is told with its place', () => {
    const pages = [
      "import { Timer } from 'strobe';\ntrainer.callbacks.add(new Timer());",
      'const trainer = 1;\ntrainer.toFixed();',
      'const n = 1;\nn.fit();',
    ];
    const blocks = pages.flatMap((code, i) => blocksIn(`${home}/docs/page${i}.md`, `\`\`\`ts\n${code}\n\`\`\`\n`));
    expect(typeErrors(blocks, lent)).toEqual(["docs/page2.md:3: Property 'fit' does not exist on type '1'."]);
  }, 60_000);

  it('that throws, throws', async () => {
    const [block] = page(
      "import { join } from 'node:path';\nawait Promise.resolve();\nthrow new Error(join('a', folder));",
    );
    const load = async (module: string) => import(module) as Promise<unknown>;
    await expect(runBlock(block as never, { folder: 'b' }, load)).rejects.toThrow('a/b');
  });
});
