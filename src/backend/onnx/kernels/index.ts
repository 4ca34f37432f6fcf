/** Every kernel that is computed natively, by its tfjs name. One file per family; each imports only `kernel.ts` and helpers. */
import { binaryKernels } from './binary.js';
import { convolutionKernels } from './convolution.js';
import { depthwiseKernels } from './depthwise.js';
import { imageKernels } from './image.js';
import { indexingKernels } from './indexing.js';
import type { KernelTable } from './kernel.js';
import { matmulKernels } from './matmul.js';
import { normalizationKernels } from './normalization.js';
import { optimizerKernels } from './optimizers.js';
import { poolingKernels } from './pooling.js';
import { reduceKernels } from './reduce.js';
import { shapeKernels } from './shape.js';
import { unaryKernels } from './unary.js';

export const families: Readonly<Record<string, KernelTable>> = {
  'Elementwise, one input': unaryKernels,
  'Elementwise, several inputs': binaryKernels,
  Reductions: reduceKernels,
  'Shape and layout': shapeKernels,
  'Slices, gathers, scatters': indexingKernels,
  'Matrix products': matmulKernels,
  Convolutions: convolutionKernels,
  'Depthwise convolutions': depthwiseKernels,
  Pooling: poolingKernels,
  Normalization: normalizationKernels,
  Images: imageKernels,
  'Optimizer updates': optimizerKernels,
};

export const kernelTable: KernelTable = Object.assign({}, ...Object.values(families)) as KernelTable;
