/** Small files a build writes beside what it installs. */

/** The global under which the loader hands its own tfjs to the package, so that there is one tfjs in the process. */
export const TFJS_SYMBOL = 'strobe.tfjs';

const tfjs = (name: string): Record<string, string> => ({
  'package.json': JSON.stringify({ name: `@tensorflow/${name}`, version: '4.22.0', main: 'index.js' }),
  'index.js': `module.exports = globalThis[Symbol.for('${TFJS_SYMBOL}')];\n`,
});

/** The npm project that holds tfjs-node-gpu; what it requires as tfjs is Strobe's. By folder. */
export const engineProject: Record<string, Record<string, string>> = {
  '.': {
    'package.json': JSON.stringify({
      private: true,
      dependencies: {
        '@tensorflow/tfjs-node-gpu': '4.22.0',
        '@tensorflow/tfjs': 'file:./tfjs',
        '@tensorflow/tfjs-core': 'file:./tfjs-core',
      },
      overrides: { '@tensorflow/tfjs': '$@tensorflow/tfjs' },
    }),
  },
  tfjs: tfjs('tfjs'),
  'tfjs-core': tfjs('tfjs-core'),
};

/**
 * An addon that sends C's `stderr` to a file for a while. TensorFlow greets whoever loads it there, before any of its own
 * settings are read. JavaScript's `process.stderr` does not pass through C's stream and stays as it is.
 */
export const quietProject: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'strobe-quiet', private: true }),
  'binding.gyp': JSON.stringify({
    targets: [{ target_name: 'quiet', sources: ['quiet.c'], defines: ['NAPI_VERSION=8'] }],
  }),
  'quiet.c': `#include <node_api.h>
#include <stdio.h>

static FILE *screen = NULL;

static napi_value begin(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  char path[4096];
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  if (screen != NULL || napi_get_value_string_utf8(env, argument, path, sizeof path, NULL) != napi_ok) return NULL;
  FILE *file = fopen(path, "a");
  if (file == NULL) return NULL;
  fflush(stderr);
  screen = stderr;
  stderr = file;
  return NULL;
}

static napi_value end(napi_env env, napi_callback_info info) {
  if (screen == NULL) return NULL;
  fclose(stderr);
  stderr = screen;
  screen = NULL;
  return NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "begin", NAPI_AUTO_LENGTH, begin, NULL, &function);
  napi_set_named_property(env, exports, "begin", function);
  napi_create_function(env, "end", NAPI_AUTO_LENGTH, end, NULL, &function);
  napi_set_named_property(env, exports, "end", function);
  return exports;
}
`,
};
