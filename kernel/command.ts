import { installKernel, uninstallKernel } from './install/install.js';
import { startKernel } from './start.js';

export interface InstallFlags {
  user?: boolean;
  sysPrefix?: boolean;
  prefix?: string;
}

export interface StartFlags {
  connectionFile: string;
}

/** `strobe kernel install` */
export async function install(flags: InstallFlags): Promise<void> {
  const folder = await installKernel(flags);
  console.log(`Installed in ${folder}. Jupyter offers it as "TypeScript (Strobe)".`);
}

/** `strobe kernel uninstall` */
export async function uninstall(flags: InstallFlags): Promise<void> {
  const folder = await uninstallKernel(flags);
  console.log(folder === undefined ? 'There is no kernel to uninstall there.' : `Removed ${folder}.`);
}

/** `strobe kernel start` */
export async function start({ connectionFile }: StartFlags): Promise<void> {
  await startKernel({ connectionFile });
}
