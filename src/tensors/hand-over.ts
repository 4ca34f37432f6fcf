import { clonePlain } from './plain.js';
import { retain } from './share.js';
import { mapTensors } from './tree.js';

/** State for somebody else: plain data of its own, and handles of its own on the tensors, whose owner keeps them. */
export function handOver<T>(state: T): T {
  return mapTensors(clonePlain(state), retain) as T;
}
