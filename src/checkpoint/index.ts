/** How a checkpoint gets to the disk and back: the safetensors format, and files that are never half written. */
export { writeAtomically } from './files.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  type StoredTensor,
} from './safetensors.js';
