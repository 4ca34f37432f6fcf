import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError, ConfigurationError, ContractError } from '../../src/errors.js';
import { parameter } from '../../src/module/parameter.js';
import { Adagrad, Adam, AdamW, RMSprop, SGD, type Optimizer } from '../../src/optim/index.js';
import { named, setGradient, twoParameters, values } from './support.js';

/** Each kind with all its slots in use. */
const kinds: Record<string, (...args: ConstructorParameters<typeof Adam>) => Optimizer> = {
  SGD: (params) => new SGD(params, { momentum: 0.9, weightDecay: 0.01 }),
  Adam: (params) => new Adam(params, { amsgrad: true }),
  AdamW: (params) => new AdamW(params),
  RMSprop: (params) => new RMSprop(params, { momentum: 0.5, centered: true }),
  Adagrad: (params) => new Adagrad(params, { lrDecay: 0.1, initialAccumulatorValue: 0.1 }),
};

function train(optimizer: Optimizer, from: number, to: number): void {
  for (let step = from; step < to; step++) {
    for (const p of optimizer.parameters()) setGradient(p, step);
    optimizer.step();
  }
}

describe('groups', () => {
  test('a group takes what it does not say from the options, and those from the defaults', () => {
    const [w, b] = twoParameters();
    const optimizer = new Adam([{ params: [w], lr: 0.5, name: 'head' }, { params: [b] }], { weightDecay: 0.1 });
    expect(optimizer.paramGroups).toEqual([
      { params: [w], name: 'head', lr: 0.5, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.1, amsgrad: false },
      { params: [b], lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.1, amsgrad: false },
    ]);
  });

  test('lr reads the first group and writes all', () => {
    const [w, b] = twoParameters();
    const optimizer = new SGD([{ params: [w], lr: 0.5 }, { params: [b] }], { lr: 0.1 });
    expect(optimizer.lr).toBe(0.5);
    optimizer.lr = 0.2;
    expect(optimizer.paramGroups.map((group) => group.lr)).toEqual([0.2, 0.2]);
  });

  test('groups do not share what can be changed in them', () => {
    const [w, b] = twoParameters();
    const optimizer = new Adam([{ params: [w] }, { params: [b] }]);
    (optimizer.paramGroups[0] as { betas: number[] }).betas[0] = 0.5;
    expect(optimizer.paramGroups[1]?.betas).toEqual([0.9, 0.999]);
    expect(optimizer.defaults.betas).toEqual([0.9, 0.999]);
  });

  test('what is written to a group takes effect at the next step', () => {
    const [w] = twoParameters();
    const optimizer = new SGD([w], { lr: 1 });
    const before = values(w);
    optimizer.paramGroups[0]!.lr = 0;
    train(optimizer, 0, 1);
    expect(values(w)).toEqual(before);
    optimizer.paramGroups[0]!.lr = 1;
    train(optimizer, 0, 1);
    expect(values(w)).not.toEqual(before);
  });

  test('a group may be added under way', () => {
    const [w, b] = twoParameters();
    const optimizer = new Adam([w]);
    train(optimizer, 0, 3);
    optimizer.addParamGroup({ params: [b], lr: 0.1 });
    train(optimizer, 3, 4);
    // The first step of a fresh Adam moves by the learning rate, whatever the gradient.
    expect(Math.abs((values(b)[0] as number) - 0.1)).toBeCloseTo(0.1, 5);
    const { state } = optimizer.stateDict();
    expect([state['w']?.['step'], state['b']?.['step']]).toEqual([4, 1]);
  });
});

describe('what an optimizer refuses', () => {
  const [w, b] = twoParameters();
  test.each<[string, () => unknown, RegExp]>([
    ['no parameters', () => new Adam([]), /no parameters[\s\S]*module\.parameters\(\)/],
    ['an empty group', () => new Adam([{ params: [] }]), /no parameters/],
    ['a variable for a parameter', () => new Adam([w.variable] as never), /`params`/],
    ['parameters mixed with groups', () => new Adam([w, { params: [b] }] as never), /mixes both/],
    ['a parameter twice in a group', () => new Adam([w, w]), /parameter w twice/],
    ['a parameter in two groups', () => new Adam([{ params: [w, b] }, { params: [b] }]), /parameter b twice/],
    ['an integer parameter', () => new Adam([parameter(tf.tensor1d([1], 'int32'))]), /float32[\s\S]*int32 tensor/],
    ['a negative lr', () => new SGD([w], { lr: -1 }), /'lr'[\s\S]*at least 0[\s\S]*-1/],
    ['an lr that is no number', () => new SGD([w], { lr: '0.1' } as never), /'lr'[\s\S]*"0\.1"/],
    ['an infinite lr', () => new SGD([w], { lr: Infinity }), /'lr'[\s\S]*Infinity/],
    ['betas out of range', () => new Adam([w], { betas: [0.9, 1] }), /'betas\.1'[\s\S]*\[0, 1\)[\s\S]*1/],
    ['one beta', () => new Adam([w], { betas: [0.9] } as never), /'betas/],
    ['an unknown option', () => new Adam([w], { learningRate: 1 } as never), /'learningRate'[\s\S]*lr, betas, eps/],
    ['an unknown option in a group', () => new Adam([{ params: [w], foo: 1 } as never]), /'foo'/],
    ['nesterov without momentum', () => new SGD([w], { nesterov: true }), /'nesterov'[\s\S]*momentum above 0/],
    ['null for options', () => new Adam([w], null as never), /options/],
  ])('%s', (_what, construct, message) => {
    expect(construct).toThrow(ConfigurationError);
    expect(construct).toThrow(message);
  });

  test('an option given as undefined counts as not given', () => {
    expect(new Adam([w], { lr: undefined } as never).lr).toBe(1e-3);
  });
});

describe.each(Object.entries(kinds))('%s', (_kind, make) => {
  test('skips parameters that are frozen or have no gradient', () => {
    const [w, b] = twoParameters();
    const optimizer = make([w, b]);
    const before = [values(w), values(b)];
    setGradient(w, 1);
    w.requiresGrad = false;
    optimizer.step();
    expect([values(w), values(b)]).toEqual(before);
    expect(optimizer.stateDict().state).toEqual({});
  });

  test('leaves earlier handles as they were', () => {
    const [w] = twoParameters();
    const optimizer = make([w]);
    train(optimizer, 0, 2);
    const weights = w.snapshot();
    const { state } = optimizer.stateDict();
    const before = [weights, ...Object.values(state['w'] ?? {})].map(read);
    train(optimizer, 2, 5);
    expect([weights, ...Object.values(state['w'] ?? {})].map(read)).toEqual(before);
    expect(values(w)).not.toEqual(before[0]);
  });

  test('holds a constant number of tensors after its first step, inside a tidy or not', () => {
    const optimizer = make(twoParameters());
    train(optimizer, 0, 1);
    const { numTensors, numDataBuffers } = tf.memory();
    train(optimizer, 1, 4);
    tf.tidy(() => train(optimizer, 4, 7));
    train(optimizer, 7, 9);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });
  });

  test('a state taken and loaded at any step continues bit for bit', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.nat(8), (before, after) => {
        const [w, b] = twoParameters();
        const straight = make([{ params: [w], lr: 0.02 }, { params: [b] }]);
        train(straight, 0, before);
        const state = straight.stateDict();
        const weights = [w.snapshot(), b.snapshot()];
        train(straight, before, before + after);

        const [w2, b2] = twoParameters();
        w2.assign(weights[0] as tf.Tensor);
        b2.assign(weights[1] as tf.Tensor);
        const resumed = make([{ params: [w2] }, { params: [b2] }]);
        resumed.loadStateDict(state);
        train(resumed, before, before + after);

        expect([values(w2), values(b2)]).toEqual([values(w), values(b)]);
        expect(plain(resumed)).toEqual(plain(straight));
      }),
      { numRuns: 20 },
    );
  });

  test('loading gives no tensor away and leaks none', () => {
    const optimizer = make(twoParameters());
    train(optimizer, 0, 2);
    const { numTensors } = tf.memory();
    const state = optimizer.stateDict();
    optimizer.loadStateDict(state);
    optimizer.loadStateDict(state);
    tf.dispose(state.state);
    expect(tf.memory().numTensors).toBe(numTensors);
    train(optimizer, 2, 3);
  });

  test('dispose frees the slots, zeroGrad the gradients', () => {
    const parameters = twoParameters();
    const { numTensors } = tf.memory();
    const optimizer = make(parameters);
    train(optimizer, 0, 2);
    optimizer.zeroGrad();
    expect(parameters.map((p) => p.grad)).toEqual([null, null]);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('a step that cannot be taken', () => {
  test.each<[string, (optimizer: SGD) => void, RegExp]>([
    [
      'a gradient of another shape',
      ({ paramGroups: [g] }) => (g!.params[1]!.grad = tf.zeros([3])),
      /of b[\s\S]*\[2\][\s\S]*\[3\]/,
    ],
    ['a gradient of another dtype', ({ paramGroups: [g] }) => (g!.params[1]!.grad = tf.zeros([2], 'int32')), /int32/],
    ['a disposed gradient', ({ paramGroups: [g] }) => g!.params[1]!.grad?.dispose(), /disposed/],
    ['an lr of NaN', (optimizer) => (optimizer.lr = NaN), /lr = NaN/],
  ])('%s changes nothing', (_what, spoil, message) => {
    const parameters = twoParameters();
    const optimizer = new SGD(parameters, { lr: 0.1 });
    const before = parameters.map(values);
    for (const p of parameters) setGradient(p, 1);
    spoil(optimizer);
    expect(() => optimizer.step()).toThrow(ContractError);
    expect(() => optimizer.step()).toThrow(message);
    expect(parameters.map(values)).toEqual(before);
  });
});

describe('a state that does not fit', () => {
  const trained = () => {
    const optimizer = new Adam(twoParameters(), { lr: 0.25 });
    train(optimizer, 0, 2);
    return optimizer.stateDict();
  };
  type State = ReturnType<typeof trained>;

  test.each<[string, (state: State) => void, RegExp]>([
    ['another number of groups', (s) => void s.paramGroups.push(s.paramGroups[0]!), /1 parameter group[\s\S]*2/],
    ['a parameter missing', (s) => void s.paramGroups[0]!.params.pop(), /w, b[\s\S]*without b/],
    ['other names', (s) => (s.paramGroups[0]!.params = ['w', 'c']), /without b, with c/],
    ['another order', (s) => void s.paramGroups[0]!.params.reverse(), /another order: b, w/],
    ['state of a stranger', (s) => (s.state['c'] = s.state['w']!), /received: c/],
    ['a slot of another shape', (s) => (s.state['w']!['expAvg'] = tf.zeros([2])), /expAvg[\s\S]*\[3, 2\][\s\S]*\[2\]/],
    ['a slot missing', (s) => delete s.state['w']!['expAvg'], /slot expAvg/],
    ['no step', (s) => delete s.state['w']!['step'], /step/],
    ['a disposed slot', (s) => (s.state['w']!['expAvg'] as tf.Tensor).dispose(), /disposed/],
  ])('%s is an error that changes nothing', (_what, spoil, message) => {
    const state = trained();
    spoil(state);
    const optimizer = new Adam(twoParameters());
    train(optimizer, 0, 1);
    const before = plain(optimizer);
    expect(() => optimizer.loadStateDict(state)).toThrow(CheckpointError);
    expect(() => optimizer.loadStateDict(state)).toThrow(message);
    expect(plain(optimizer)).toEqual(before);
  });

  test.each([undefined, {}, { state: {}, paramGroups: {} }, { state: {}, paramGroups: [{ lr: 1 }] }])('%o', (state) => {
    const load = () => new SGD(twoParameters()).loadStateDict(state as never);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(/SGD: the saved state does not fit[^]*what stateDict\(\) gives/);
  });

  test("another optimizer's hyperparameters", () => {
    const state = new SGD(twoParameters()).stateDict();
    const load = () => new Adam(twoParameters()).loadStateDict(state);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(/no option 'momentum'/);
  });
});

test('a state is plain data and tensors, by parameter name', () => {
  const [w, b] = twoParameters();
  const optimizer = new SGD(
    [
      { params: [w], name: 'body' },
      { params: [b], lr: 0.5 },
    ],
    { lr: 0.1, momentum: 0.9 },
  );
  setGradient(b, 1);
  optimizer.step();
  const { state, paramGroups } = optimizer.stateDict();
  expect(Object.keys(state)).toEqual(['b']);
  expect(state['b']).toEqual({ step: 1, momentumBuffer: expect.any(tf.Tensor) });
  const rest = { momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 0 };
  expect(JSON.parse(JSON.stringify(paramGroups))).toEqual([
    { params: ['w'], name: 'body', lr: 0.1, ...rest },
    { params: ['b'], lr: 0.5, ...rest },
  ]);
});

test('parameters without a name of their own are told apart by their order', () => {
  const make = () => [
    parameter(tf.zeros([2])),
    parameter(tf.zeros([3])),
    named('x', tf.zeros([1])),
    named('x', tf.zeros([2])),
  ];
  const optimizer = new Adam(make());
  train(optimizer, 0, 2);
  const state = optimizer.stateDict();
  expect(state.paramGroups[0]?.params).toEqual(['parameter', 'parameter#2', 'x', 'x#2']);
  const other = new Adam(make());
  other.loadStateDict(state);
  expect(plain(other)).toEqual(plain(optimizer));
});

test('momentum switched on under way starts from the gradient, as in PyTorch', () => {
  const [w] = twoParameters();
  const optimizer = new SGD([w], { lr: 1, dampening: 0.5 });
  train(optimizer, 0, 2);
  optimizer.paramGroups[0]!.momentum = 0.9;
  train(optimizer, 2, 3);
  expect(read(optimizer.stateDict().state['w']?.['momentumBuffer'])).toEqual(read(w.grad));
});

test("an engine's own kernel is used where it has one", async () => {
  const seen: unknown[] = [];
  tf.registerBackend('engine-with-adam', () => tf.findBackend('cpu'));
  tf.copyRegisteredKernels('cpu', 'engine-with-adam');
  if (tf.getKernel('FusedAdam', 'cpu')) tf.unregisterKernel('FusedAdam', 'engine-with-adam');
  tf.registerKernel({
    kernelName: 'FusedAdam',
    backendName: 'engine-with-adam',
    kernelFunc: ({ inputs, attrs }) => {
      seen.push(Object.keys(inputs), attrs);
      return Object.entries(inputs).flatMap(([role, tensor]) =>
        role === 'grad' ? [] : [tf.ones((tensor as tf.Tensor).shape)],
      );
    },
  });
  const [w] = twoParameters();
  const optimizer = new Adam([w], { lr: 0.1 });
  const before = tf.getBackend();
  await tf.setBackend('engine-with-adam');
  try {
    train(optimizer, 0, 1);
  } finally {
    await tf.setBackend(before);
  }
  expect(values(w)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(seen[0]).toEqual(['param', 'grad', 'expAvg', 'expAvgSq']);
  expect(seen[1]).toMatchObject({ beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, shrink: 1 });
});

function read(value: number | tf.Tensor | null | undefined): unknown {
  return value instanceof tf.Tensor ? Array.from(value.dataSync()) : value;
}

/** A state's values, for comparison. */
function plain(optimizer: Optimizer): unknown {
  const { state, paramGroups } = optimizer.stateDict();
  const entries = Object.entries(state).map(([name, own]) => [name, Object.entries(own).map(([k, v]) => [k, read(v)])]);
  return { entries, paramGroups };
}
