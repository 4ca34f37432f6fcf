import { writeFile } from 'node:fs/promises';
import { Callback, Trainer, type Batch, type Module, type StepOutputs } from 'strobe';
import { lrFinderPlot } from 'strobe/display';
import { Spirals, spirals } from './spirals.js';

/**
 * Raises the learning rate exponentially from batch to batch, and draws the loss over it. The weights are those of a test
 * afterwards; Strobe's own `lrFind` puts them back, smooths the losses, and suggests a rate.
 */
export class LRRangeTest extends Callback {
  readonly lrs: number[] = [];
  readonly losses: number[] = [];

  constructor(
    readonly plotPath: string,
    readonly minLr = 1e-5,
    readonly maxLr = 1e-1,
    readonly numSteps = 100,
  ) {
    super();
  }

  override onTrainBatchStart(trainer: Trainer): void {
    const lr = this.minLr * (this.maxLr / this.minLr) ** (this.lrs.length / (this.numSteps - 1));
    for (const optimizer of trainer.optimizers) optimizer.lr = lr;
    this.lrs.push(lr);
  }

  override onTrainBatchEnd(trainer: Trainer, _module: Module, { loss }: StepOutputs, _batch: Batch): void {
    this.losses.push(loss?.dataSync()[0] ?? NaN);
    if (this.losses.length === this.numSteps) trainer.shouldStop = true;
  }

  override async onTrainEnd(): Promise<void> {
    await writeFile(this.plotPath, lrFinderPlot(this).toSvg());
  }
}

export default ({ numSteps = 100, plotPath = 'lr_finder.svg' } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({
    maxEpochs: -1,
    seed: 1,
    limitValBatches: 0,
    enableCheckpointing: false,
    callbacks: [new LRRangeTest(plotPath, 1e-5, 1, numSteps)],
  }),
});
