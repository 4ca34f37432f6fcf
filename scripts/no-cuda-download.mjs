// onnxruntime-node's install script downloads its libraries for CUDA: hundreds of megabytes that this package never
// loads, and an installation that fails where they cannot be had. It leaves what is there already, so a note takes
// their place. npm runs every package's preinstall before any package's postinstall.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const NOTE = 'Left out by strobe. To have it: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node\n';

let metadata;
try {
  metadata = require.resolve('onnxruntime-node/script/install-metadata.js');
} catch {
  // Not installed (yet), or elsewhere: other package managers have their own ways to refuse install scripts.
  process.exit();
}
const { requirements, manifests } = require(metadata);
const platform = `${process.platform}/${process.arch}`;
const folder = join(dirname(metadata), '../bin/napi-v6', platform);
for (const name of requirements[platform] ?? []) {
  for (const file of Object.keys(manifests[`${platform}:${name}`])) {
    const path = join(folder, file);
    if (!existsSync(path)) writeFileSync(path, NOTE);
  }
}
