import * as tf from '@tensorflow/tfjs-core';
import { clonePlain, isPlainData } from '../tensors/plain.js';
import type { Session } from '../trainer/session.js';

/** Where a setting is, such as `['optimizers', '0', 'paramGroups', '0', 'lr']`. */
export type SettingPath = readonly string[];

/** A tensor's values as plain data, so that a journal can hold them. */
export interface TensorValue {
  shape: number[];
  values: number[];
}

/** A setting: how to tell whether it has changed, what it is, and how to set it. */
export interface Setting {
  path: SettingPath;
  /** Compared by identity or, for plain data, as JSON. */
  mark: unknown;
  read(): unknown;
  write(value: never): void;
}

/** Everything in a run that can be changed while it is paused. */
export function settingsOf(s: Session): Setting[] {
  const { trainer, module } = s;
  return [
    ...fieldsOf(['limits'], trainer.limits),
    ...s.optimizers.flatMap(({ paramGroups }, i) =>
      paramGroups.flatMap((group, j) => fieldsOf(['optimizers', String(i), 'paramGroups', String(j)], group)),
    ),
    ...s.keyedCallbacks().flatMap(([key, callback]) => fieldsOf(['callbacks', key], callback)),
    ...fieldsOf(['hparams'], module.hparams),
    ...s.parameters.flatMap((parameter) => {
      const { name } = parameter;
      return [
        ...fieldsOf(['parameters', name], parameter, ['requiresGrad']),
        tensorAt(
          ['parameters', name, 'value'],
          () => parameter.variable,
          (value) => parameter.assign(value),
        ),
        tensorAt(
          ['parameters', name, 'grad'],
          () => parameter.grad,
          (value) => (parameter.grad = value),
        ),
      ];
    }),
    ...fieldsOf(['trainer'], trainer, ['shouldStop']),
  ];
}

function fieldsOf(at: SettingPath, owner: object, names = Object.keys(owner)): Setting[] {
  const fields = owner as Record<string, unknown>;
  return names.flatMap((name) => {
    const value = fields[name];
    if (!isPlainData(value)) return [];
    return {
      path: [...at, name],
      mark: typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
      read: () => clonePlain(fields[name]),
      write: (next: never) => void (fields[name] = clonePlain(next)),
    };
  });
}

function tensorAt(path: SettingPath, get: () => tf.Tensor | null, set: (value: tf.Tensor) => void): Setting {
  return {
    path,
    mark: get()?.dataId ?? null,
    read: () => {
      const tensor = get();
      return tensor === null ? null : { shape: tensor.shape, values: Array.from(tensor.dataSync()) };
    },
    write: ({ shape, values }: TensorValue) => {
      const tensor = tf.tensor(values, shape, 'float32');
      set(tensor);
      // A variable takes a reference of its own; a gradient is the parameter's from now on.
      if (path.at(-1) === 'value') tensor.dispose();
    },
  };
}
