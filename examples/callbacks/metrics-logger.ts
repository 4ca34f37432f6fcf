import { Callback, Trainer } from 'strobe';
import { Spirals, spirals } from './spirals.js';

/** Keeps the metrics of every validation, and prints them. */
export class MetricsLogger extends Callback {
  readonly metrics: Record<string, number>[] = [];

  override onValidationEnd(trainer: Trainer): void {
    if (trainer.sanityChecking) return;
    const { callbackMetrics } = trainer;
    this.metrics.push(callbackMetrics);
    trainer.print(`Validation metrics: ${JSON.stringify(callbackMetrics)}`);
  }
}

export default ({ epochs = 3 } = {}) => ({
  model: new Spirals(),
  data: spirals(),
  trainer: new Trainer({ maxEpochs: epochs, seed: 1, callbacks: [new MetricsLogger()] }),
});
