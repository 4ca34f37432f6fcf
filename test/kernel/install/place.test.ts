import { describe, expect, it } from 'vitest';
import { jupyterDataFolder } from '../../../kernel/install/folders.js';
import { requireNode } from '../../../kernel/install/node-version.js';
import { dataFolderOf } from '../../../kernel/install/place.js';

describe("Jupyter's data folder", () => {
  it('is found as jupyter_core finds it', () => {
    const env = { HOME: '/home/ada' };
    expect(jupyterDataFolder(env, 'linux')).toBe('/home/ada/.local/share/jupyter');
    expect(jupyterDataFolder({ ...env, XDG_DATA_HOME: '/data' }, 'linux')).toBe('/data/jupyter');
    expect(jupyterDataFolder(env, 'darwin')).toBe('/home/ada/Library/Jupyter');
    expect(jupyterDataFolder({ ...env, JUPYTER_DATA_DIR: '/jupyter' }, 'darwin')).toBe('/jupyter');
  });

  it('is one place at a time', async () => {
    expect(await dataFolderOf({ prefix: '/opt/env' })).toBe('/opt/env/share/jupyter');
    await expect(dataFolderOf({ prefix: '/opt/env', user: true })).rejects.toThrow(/one place at a time/);
  });
});

describe('Node.js', () => {
  it('that is too old is an error with the remedy', () => {
    for (const version of ['18.20.0', '20.18.9']) expect(() => requireNode(version)).toThrow(/20\.19[^]*nodejs\.org/);
    for (const version of ['20.19.0', '22.0.0']) expect(() => requireNode(version)).not.toThrow();
  });
});
