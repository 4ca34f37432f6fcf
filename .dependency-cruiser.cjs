/**
 * The direction of imports, as docs/architecture.md draws it. A lower layer never imports a higher one:
 *
 *   cli, repl, kernel -> run -> trainer -> callbacks' contract, module, optim, data, autograd, checkpoint -> tensors, errors
 */
const only = (from, to, comment) => ({
  name: from.replace(/\W+/g, '-').replace(/^-|-$/g, '') + '-only-imports-what-is-below',
  comment,
  severity: 'error',
  from: { path: `^${from}` },
  to: {
    path: '^(src|kernel|repl)/',
    pathNot: `^(${[from, ...to].join('|')})`,
    // A type may name what stands above: it vanishes when the code runs.
    dependencyTypesNot: ['type-only'],
  },
});

const foundation = ['src/(errors|folder|options)', 'src/tensors/'];

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Imports go one way.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'display-goes-one-way',
      comment: 'Not even a type goes back from what a figure looks like to what is plotted.',
      severity: 'error',
      from: { path: '^src/display/' },
      to: { circular: true, viaOnly: { path: '^src/display/' } },
    },
    {
      name: 'engines-go-one-way',
      comment: 'Not even a type goes back from what is recorded to what is compiled of it.',
      severity: 'error',
      from: { path: '^src/backend/' },
      to: { circular: true, viaOnly: { path: '^src/backend/' } },
    },
    {
      name: 'a-figure-knows-no-plot',
      severity: 'error',
      from: { path: '^src/display/figure/' },
      to: { path: '^src/', pathNot: '^src/(display/(figure/|[^/]+$)|errors)' },
    },
    {
      name: 'library-knows-no-front-end',
      comment: 'src/ knows nothing of kernel/ and repl/. The command is a front end itself: it starts the others.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^(kernel|repl)/' },
    },
    {
      name: 'front-ends-are-strangers',
      comment: 'The kernel and the terminal application share code through src/ only.',
      severity: 'error',
      from: { path: '^(kernel|repl)/' },
      to: { path: '^(kernel|repl)/', pathNot: '^$1/' },
    },
    only('repl/text/', ['src/display/']),
    only('repl/store/', ['src/display/'], 'State is plain: it knows neither runs nor screens.'),
    only('repl/panes/', ['repl/(store|text)/', 'src/display/'], 'A pane is a function of the state.'),
    only('repl/runs/', [
      'repl/store/',
      'src/(index|errors)',
      'src/(display|callbacks)/',
      'src/trainer/limits',
      'src/tensors/plain',
    ]),
    only('repl/commands/', ['repl/(runs|store|panes|text)/', 'src/(index|folder)', 'src/display/']),
    only('repl/prompt/', ['repl/(runs|store|text)/', 'src/(index|folder|display/|evaluator/)']),
    only('repl/session/', ['repl/(prompt|runs|store)/', 'src/(errors|folder|cli/load|evaluator/)']),
    only('repl/plain/', ['repl/(session|commands|panes|store)/', 'src/cli/(closed-output|signals)']),
    {
      name: 'ink-stays-in-the-shell',
      comment: 'What the terminal application does is said without Ink and React; only its shell draws.',
      severity: 'error',
      from: { path: '^repl/', pathNot: '^repl/app/' },
      to: { path: 'node_modules/(ink|react)/' },
    },
    only('src/tensors/', foundation),
    only('src/random/', foundation),
    only('src/autograd/', foundation),
    only('src/backend/', foundation, 'An engine knows nothing of training.'),
    only('src/evaluator/', ['src/(errors|folder)'], 'Cells know nothing of training.'),
    only('src/data/', [...foundation, 'src/random/']),
    only('src/module/', [...foundation, 'src/checkpoint/']),
    only('src/optim/', [...foundation, 'src/module/parameter', 'src/autograd/']),
    {
      name: 'trainer-does-not-know-run',
      comment: 'A Run walks the trainer; the trainer only hands out the program to walk.',
      severity: 'error',
      from: {
        path: '^src/(trainer|module|optim|data|autograd|checkpoint|callbacks|loggers)/',
        pathNot: '^src/trainer/trainer',
      },
      to: { path: '^src/(run|cli)/' },
    },
    {
      name: 'tuners-stand-above',
      comment: 'Finders try things with runs; callbacks/index only names those that are callbacks.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(tuner/|cli/|display/views/|index\\.ts|callbacks/index\\.ts)' },
      to: { path: '^src/tuner/', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['strobe-source', 'import', 'node', 'default'],
    },
  },
};
