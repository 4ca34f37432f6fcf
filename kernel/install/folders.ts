import { homedir } from 'node:os';
import { join } from 'node:path';

/** Jupyter's data folder of this user, found as jupyter_core does. */
export function jupyterDataFolder(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  if (env['JUPYTER_DATA_DIR']) return env['JUPYTER_DATA_DIR'];
  const home = env['HOME'] ?? homedir();
  if (platform === 'darwin') return join(home, 'Library/Jupyter');
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData/Roaming'), 'jupyter');
  return join(env['XDG_DATA_HOME'] || join(home, '.local/share'), 'jupyter');
}
