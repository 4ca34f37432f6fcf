import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Module } from '../../module/module.js';
import { Parameter } from '../../module/parameter.js';
import { isPlainRecord } from '../../tensors/tree.js';

/** A module with more fields than this is not looked at before every step. */
const MOST = 4_000;

/**
 * What a training step may depend on besides the batch: every plain value, tensor and object in the module's fields, in
 * the modules, layers, arrays and plain records below it, in a fixed order. Two lists that are the same mean that nothing
 * has been changed. Undefined where there is too much to look at.
 */
export function fieldsOf(module: Module): unknown[] | undefined {
  const values: unknown[] = [];
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (values.length > MOST) return;
    if (typeof value !== 'object' || value === null) values.push(value);
    else if (value instanceof Parameter) values.push(value, value.requiresGrad);
    else if (value instanceof tf.Variable) values.push(value, value.trainable);
    else if (value instanceof tf.Tensor) values.push(value.dataId);
    else if (seen.has(value)) values.push(value);
    else {
      seen.add(value);
      inside(value);
    }
  };
  const inside = (object: object): void => {
    if (object instanceof Map || object instanceof Set) return [...object].flat().forEach(visit);
    const open = object instanceof Module || Array.isArray(object) || isPlainRecord(object);
    values.push(object);
    for (const key in object) {
      if (!Object.hasOwn(object, key)) continue;
      const value = (object as Record<string, unknown>)[key];
      // Of anything else only the plain fields count: a layer's rate, a counter's count.
      if (open || typeof value !== 'object') visit(value);
      else if (key === 'layers' && object instanceof layers.layers.Layer) visit(value);
    }
  };
  visit(module);
  return values.length > MOST ? undefined : values;
}

export function sameFields(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
