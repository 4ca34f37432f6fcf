import { createRequire } from 'node:module';
import { STROBE_VERSION } from '../../src/version.js';
import { PROTOCOL_VERSION, type Fields } from '../protocol/message.js';

/** The TypeScript that cells are written in. */
const { version: TYPESCRIPT_VERSION } = createRequire(import.meta.url)('typescript/package.json') as {
  version: string;
};

export function kernelInfo(): Fields {
  return {
    status: 'ok',
    protocol_version: PROTOCOL_VERSION,
    implementation: 'strobe',
    implementation_version: STROBE_VERSION,
    language_info: {
      name: 'typescript',
      version: TYPESCRIPT_VERSION,
      mimetype: 'text/typescript',
      file_extension: '.ts',
      codemirror_mode: { name: 'javascript', typescript: true },
      pygments_lexer: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `Strobe ${STROBE_VERSION}: TypeScript ${TYPESCRIPT_VERSION} on Node.js ${process.versions.node}`,
    debugger: false,
    help_links: [
      { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
      { text: 'TensorFlow.js', url: 'https://js.tensorflow.org/api/latest/' },
    ],
    supported_features: ['kernel subshells'],
  };
}
