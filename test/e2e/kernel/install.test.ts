import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JupyterClient } from '../../support/jupyter-client.js';

const root = new URL('../../../', import.meta.url).pathname;
const main = join(root, 'dist/src/cli/main.js');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'strobe-install-'));
  // A machine with a Jupyter, and one without.
  await mkdir(join(folder, 'bin'));
  await writeFile(join(folder, 'bin/jupyter'), '#!/bin/sh\necho 5\n', { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function strobe(args: string[], { jupyter = true, program = main } = {}) {
  const env = {
    HOME: join(folder, 'home'),
    PATH: jupyter ? join(folder, 'bin') : '/nowhere',
    VIRTUAL_ENV: join(folder, 'venv'),
  };
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, [program, 'kernel', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

describe('strobe kernel install', () => {
  it.each([
    ['--user', [], 'home/.local/share/jupyter'],
    ['--sys-prefix', ['--sys-prefix'], 'venv/share/jupyter'],
    ['--prefix DIR', ['--prefix', 'PREFIX'], 'prefix/share/jupyter'],
  ])('%s tells Jupyter of the kernel, and uninstall takes it out again', async (_, flags, data) => {
    const args = flags.map((flag) => (flag === 'PREFIX' ? join(folder, 'prefix') : flag));
    const place = join(folder, data, 'kernels/strobe');
    expect(await strobe(['install', ...args])).toMatchObject({ code: 0, output: expect.stringContaining(place) });
    const spec = JSON.parse(await readFile(join(place, 'kernel.json'), 'utf8')) as object;
    expect(spec).toMatchObject({
      argv: [
        process.execPath,
        '--max-semi-space-size=8',
        main,
        'kernel',
        'start',
        '--connection-file',
        '{connection_file}',
      ],
      display_name: 'TypeScript (Strobe)',
      language: 'typescript',
      interrupt_mode: 'message',
    });
    expect((await readdir(place)).sort()).toEqual(['kernel.json', 'logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']);
    expect(await strobe(['uninstall', ...args])).toMatchObject({ code: 0, output: expect.stringContaining('Removed') });
    expect(await strobe(['uninstall', ...args])).toMatchObject({
      output: expect.stringContaining('no kernel to uninstall'),
    });
  });

  it('without a Jupyter says how to get one', async () => {
    const { code, output } = await strobe(['install'], { jupyter: false });
    expect(code).toBe(1);
    expect(output).toMatch(/There is no Jupyter here[^]*pip install jupyterlab/);
  });

  it.each(['a file', ...(process.platform === 'linux' ? ['/proc'] : [])])(
    'where it may not write, below %s, says so, and what to do',
    async (place) => {
      const prefix = place === 'a file' ? join(folder, 'bin/jupyter') : join(place, 'no/such/folder');
      const { code, output } = await strobe(['install', '--prefix', prefix]);
      expect(code).toBe(1);
      expect(output).toMatch(/cannot be installed there[^]*expected: [^]*received: E[^]*--user/);
      expect(output).toContain(prefix);
    },
  );

  it('takes no empty prefix: a variable that is not set', async () => {
    const { code, output } = await strobe(['install', '--prefix', '']);
    expect(code).toBe(1);
    expect(output).toMatch(/The prefix is empty/);
  });
});

describe('strobe kernel start', () => {
  it('says what is wrong with a connection file that cannot be read', async () => {
    const { code, output } = await strobe(['start', '--connection-file', folder]);
    expect(code).toBe(1);
    expect(output).toMatch(/cannot be read[^]*EISDIR/);
  });

  it('without a connection file says what it is for', async () => {
    const { code, output } = await strobe(['start', '--connection-file', '/nowhere.json']);
    expect(code).toBe(1);
    expect(output).toMatch(/There is no connection file/);
  });

  it('where another listens already says at which address', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const channels = ['shell', 'control', 'stdin', 'iopub', 'hb'].map((channel) => [`${channel}_port`, port]);
    const file = join(folder, 'taken.json');
    await writeFile(file, JSON.stringify({ ...Object.fromEntries(channels), ip: '127.0.0.1', key: 'k' }));
    const { output } = await strobe(['start', '--connection-file', file]);
    server.close();
    expect(output).toMatch(new RegExp(`socket shell cannot listen[^]*${port}[^]*already in use`));
  });

  it("resolves imports from the notebook's folder, and finds Strobe itself where that has none", async () => {
    const project = join(folder, 'project');
    await mkdir(join(project, 'node_modules/greeting'), { recursive: true });
    await writeFile(
      join(project, 'node_modules/greeting/package.json'),
      '{"name":"greeting","type":"module","main":"index.js"}',
    );
    await writeFile(join(project, 'node_modules/greeting/index.js'), `export const hello = 'from the project';`);
    await writeFile(join(project, 'node_modules/greeting/index.d.ts'), 'export declare const hello: string;');
    const kernel = await JupyterClient.start({ cwd: project });
    expect((await kernel.execute(`import { hello } from 'greeting'; hello`)).result).toBe(`'from the project'`);
    expect((await kernel.execute(`import { Trainer } from 'strobe'; typeof Trainer`)).result).toBe(`'function'`);
    await kernel.stop();
  });

  it('says how to install a package that is missing, and finds it then without being started again', async () => {
    const [project, late] = [join(folder, 'installs'), join(folder, 'late')];
    for (const path of [project, late]) await mkdir(path);
    await writeFile(
      join(late, 'package.json'),
      '{"name":"late","version":"1.0.0","main":"main.js","types":"index.d.ts"}',
    );
    await writeFile(join(late, 'main.js'), `exports.when = 'now';`);
    await writeFile(join(late, 'index.d.ts'), 'export declare const when: string;');
    const kernel = await JupyterClient.start({ cwd: project });
    const cells = [
      `import { when } from 'late'; when`,
      `(await import('late' as string)).when`,
      `require('late').when`,
    ];
    for (const cell of cells) {
      const { reply } = await kernel.execute(cell);
      expect(reply.content['evalue']).toContain(`call npm install late in ${project}, then run this again`);
    }
    await promisify(execFile)('npm', ['install', '--offline', '--no-audit', '--install-links', late], { cwd: project });
    for (const cell of cells) expect((await kernel.execute(cell)).result).toBe(`'now'`);
    await kernel.stop();
  });

  it("runs from a project's own node_modules, where the library of cells is the kernel's", async () => {
    const project = join(folder, 'local');
    await mkdir(join(project, 'node_modules'), { recursive: true });
    await symlink(dirname(dirname(dirname(dirname(main)))), join(project, 'node_modules/strobe'));
    const program = join(project, 'node_modules/strobe/dist/src/cli/main.js');
    const kernel = await JupyterClient.start({ cwd: project, command: [process.execPath, program, 'kernel', 'start'] });
    const { result, reply } = await kernel.execute(
      `import * as imported from 'strobe'; imported.Trainer === strobe.Trainer`,
    );
    expect(reply.content).toMatchObject({ status: 'ok' });
    expect(result).toBe('true');
    await kernel.stop();
  });
});
