import * as tf from '@tensorflow/tfjs-core';
import { engineSettings } from '../backend/index.js';

/** How much of the memory that is free tensors may take; the rest is for what is computed between two looks. */
const SHARE = 0.8;

/**
 * Bytes of tensors in all, beyond which a batch counts as too large. An operating system ends a process that takes more than
 * there is, and an error never comes; a GPU's memory is its own affair.
 */
export function defaultMemoryLimit(): number {
  if (engineSettings()?.name === 'gpu') return Infinity;
  return tf.memory().numBytes + SHARE * process.availableMemory();
}

/** Knows how many bytes of tensors each batch size took, and so what the next one will take. */
export class MemoryGauge {
  readonly limit: number;
  #peaks: { size: number; bytes: number }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Whether a size will stay below the limit, if bytes grow with it as they did between the sizes before. */
  allows(size: number): boolean {
    const [former, latest] = this.#peaks.slice(-2);
    if (!former || !latest || size <= latest.size) return true;
    const perSample = (latest.bytes - former.bytes) / (latest.size - former.size);
    return latest.bytes + perSample * (size - latest.size) <= this.limit;
  }

  /** Remembers the peak that a size was seen to have. */
  record(size: number, bytes: number): void {
    this.#peaks.push({ size, bytes });
    this.#peaks.sort((a, b) => a.size - b.size);
  }
}
