import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { CHROMIUM, openBrowser, type Look } from './chromium.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The Python of the environment that `npm test` makes. */
export const PYTHON = `${root}.venv/bin/python`;

/** Whether there is all that it takes to open a notebook. */
export const LAB = CHROMIUM !== undefined && hasLab();

function hasLab(): boolean {
  try {
    if (existsSync(PYTHON)) execFileSync(PYTHON, ['-c', 'import jupyterlab, jupyterlab_widgets'], { stdio: 'ignore' });
    return existsSync(PYTHON);
  } catch {
    return false;
  }
}

if (!LAB)
  console.warn('SKIPPED: the tests in JupyterLab need Chromium, and a .venv with JupyterLab: npm test makes it.');

/** Pictures for people to look at; not in the repository. */
export const ARTEFACTS = join(root, 'test/e2e/artefacts');

/** A folder as a user has it: the package installed, Jupyter's own folders, the kernel. */
export async function userFolder(): Promise<{ folder: string; env: NodeJS.ProcessEnv; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'strobe-lab-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules/strobe'));
  for (const name of ['@tensorflow', '@types']) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  const notifications = join(folder, 'settings/@jupyterlab/apputils-extension');
  await mkdir(notifications, { recursive: true });
  await writeFile(join(notifications, 'notification.jupyterlab-settings'), '{ "fetchNews": "false" }');
  execFileSync(process.execPath, [join(root, 'dist/src/cli/main.js'), 'kernel', 'install', '--prefix', folder]);
  const env = {
    ...process.env,
    JUPYTER_PATH: join(folder, 'share/jupyter'),
    JUPYTER_DATA_DIR: join(folder, 'data'),
    JUPYTER_CONFIG_DIR: join(folder, 'config'),
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTERLAB_SETTINGS_DIR: join(folder, 'settings'),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, 'workspaces'),
  };
  return { folder, env, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Writes a notebook of code cells. */
export async function writeNotebook(path: string, cells: string[], kernel = 'strobe'): Promise<void> {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: kernel, display_name: kernel, language: 'typescript' } },
    cells: cells.map((source, i) => ({
      id: `cell-${i}`,
      cell_type: 'code',
      source,
      metadata: {},
      outputs: [],
      execution_count: null,
    })),
  };
  await writeFile(path, JSON.stringify(notebook));
}

/** A JupyterLab server over a folder. */
export async function startLab(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const settings = {
    'ServerApp.port': port,
    'ServerApp.port_retries': 0,
    'ServerApp.root_dir': folder,
    'ServerApp.allow_root': true,
    'ServerApp.disable_check_xsrf': true,
    'ServerApp.open_browser': false,
    'IdentityProvider.token': '',
    'LabApp.expose_app_in_browser': true,
    'LabApp.extension_manager': 'readonly',
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${capitalized(value)}`);
  const server = spawn(PYTHON, ['-m', 'jupyterlab', ...flags], {
    env,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (text: Buffer) => (log += text.toString()));
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
  };
  const url = `http://127.0.0.1:${port}/lab`;
  for (let attempt = 0; attempt < 240; attempt++) {
    if (server.exitCode !== null) throw new Error(`JupyterLab ended: ${log}`);
    const answers = await fetch(`${url.replace(/lab$/, '')}api`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return { url, stop };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await stop();
  throw new Error(`JupyterLab did not answer within a minute: ${log}`);
}

function capitalized(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'object' && address) return address.port;
  throw new Error('There is no free port.');
}

/** An output as a notebook's file has it. */
export interface Output {
  output_type: string;
  name?: string;
  text?: string | string[];
  ename?: string;
  data?: Record<string, unknown>;
}

/** A notebook that is open in JupyterLab, in a browser. What runs in the page is text: the project has no browser's types. */
export class OpenNotebook {
  readonly page: Page;
  readonly close: () => Promise<void>;

  private constructor(page: Page, close: () => Promise<void>) {
    this.page = page;
    this.close = close;
  }

  static async open(url: string, notebook: string, look: Look): Promise<OpenNotebook> {
    const { context, close } = await openBrowser(look, { offline: false, viewport: { width: 1280, height: 1600 } });
    const page = await context.newPage();
    const opened = new OpenNotebook(page, close);
    await page.goto(`${url}/tree/${notebook}?reset`);
    await opened.#ready();
    const theme = look.colorScheme === 'dark' ? 'JupyterLab Dark' : 'JupyterLab Light';
    await opened.command('apputils:change-theme', { theme });
    return opened;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.#ready();
  }

  async #ready(): Promise<void> {
    await this.page.waitForFunction(
      `window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.connectionStatus === 'connected'`,
      undefined,
      { timeout: 120_000 },
    );
    await this.page.evaluate(`window.jupyterapp.shell.currentWidget.context.ready`);
  }

  /** Runs one of JupyterLab's commands; gives up waiting for what it does. */
  async command(name: string, args: object = {}): Promise<void> {
    await this.page.evaluate(
      `void window.jupyterapp.commands.execute(${JSON.stringify(name)}, ${JSON.stringify(args)})`,
    );
  }

  /** The outputs of a cell, as the notebook's file would have them. */
  async outputs(cell: number): Promise<Output[]> {
    return this.page.evaluate<Output[]>(
      `window.jupyterapp.shell.currentWidget.context.model.toJSON().cells[${cell}].outputs`,
    );
  }

  async executionCounts(): Promise<(number | null)[]> {
    return this.page.evaluate<(number | null)[]>(
      `window.jupyterapp.shell.currentWidget.context.model.toJSON().cells.map((cell) => cell.execution_count)`,
    );
  }

  async kernelStatus(): Promise<string> {
    return this.page.evaluate<string>(`window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status`);
  }

  /** Waits until the kernel has nothing left to do and the cells have run. */
  async idle(): Promise<void> {
    await this.page.waitForFunction(
      `window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'
        && !document.querySelector('.jp-InputArea-prompt')?.textContent.includes('*')
        && ![...document.querySelectorAll('.jp-InputPrompt')].some(({ textContent }) => textContent.includes('*'))`,
      undefined,
      { timeout: 120_000 },
    );
  }

  async runAll(): Promise<void> {
    await this.command('notebook:run-all-cells');
    await this.page.waitForTimeout(300);
    await this.idle();
  }

  async screenshot(name: string): Promise<void> {
    await mkdir(ARTEFACTS, { recursive: true });
    await this.page.screenshot({ path: join(ARTEFACTS, `${name}.png`) });
  }
}
