import type { Run } from '../../src/index.js';
import { metricNames, metricSeries } from '../../src/display/metric-rows.js';
import { LiveCurve } from '../store/live-curve.js';
import type { Curve, TensorView } from '../store/state.js';
import { viewOfTensor } from './tensor-view.js';

/** Milliseconds of batches that the speed is measured over. */
const WINDOW = 3000;

/** Writes down what a run's events tell: the loss of every step, its speed, and, when asked, gradients. */
export class Recorder {
  readonly run: Run;
  #loss: LiveCurve;
  #times: number[] = [];
  #logged: Curve[] = [];
  /** How often the logged metrics are still to be read: rows are added after the event that announces them. */
  #due = 2;
  #gradients: Record<string, TensorView> = {};
  #stopLooking: (() => void) | undefined;
  readonly #stopListening: () => void;

  constructor(run: Run, loss = new LiveCurve('loss')) {
    this.run = run;
    this.#loss = loss;
    const stops = [
      run.on({ hook: 'onTrainBatchEnd' }, ({ loss, position }) => {
        this.#times.push(performance.now());
        if (this.#times.length > 512) this.#times.splice(0, 256);
        const value = loss?.dataSync()[0];
        if (value !== undefined) this.#loss.add(position.globalStep, value);
        if (run.trainer.logsAreDue) this.#due = 2;
      }),
      run.on({ hook: 'onValidationEnd' }, () => void (this.#due = 2)),
      run.on({ hook: 'onTrainEpochEnd' }, () => void (this.#due = 2)),
      run.on({ hook: 'onTrainEpochStart' }, () => void (this.#due = 2)),
    ];
    this.#stopListening = () => stops.forEach((stop) => stop());
  }

  /** Batches a second, lately; 0 when it stands. */
  get rate(): number {
    const now = performance.now();
    const recent = this.#times.filter((time) => now - time < WINDOW);
    const [first] = recent;
    return first === undefined || recent.length < 2 ? 0 : ((recent.length - 1) * 1000) / (now - first);
  }

  /** The loss of every step, and what was logged. */
  get curves(): Curve[] {
    if (this.#due > 0) {
      this.#due -= 1;
      const rows = this.run.trainer.metricHistory;
      this.#logged = metricNames(rows).map((name) => ({ name, ...metricSeries(rows, name) }));
    }
    if (this.#loss.x.length === 0) return this.#logged;
    return [this.#loss, ...this.#logged.filter((curve) => !this.#isLoss(curve))];
  }

  /** Whether a curve is the loss once more, at some of the steps, under the name by which a module logs it. */
  #isLoss({ name, x, y }: Curve): boolean {
    if (name === 'loss' || name === 'loss_step') return true;
    if (!/loss/.test(name)) return false;
    // Logged steps are counted from 0, those that a run has taken from 1.
    const at = this.#loss.x.lastIndexOf((x.at(-1) ?? NaN) + 1);
    const same = (a = NaN, b = NaN): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);
    return at >= 0 && same(y.at(-1), this.#loss.y[at]);
  }

  /** Gradients as they were when they were last looked at. */
  get gradients(): Readonly<Record<string, TensorView>> {
    return this.#gradients;
  }

  /** Looks at the gradients of the next update, once: doing so at every step would cost too much. */
  lookAtGradients(): void {
    this.#stopLooking ??= this.run.on({ hook: 'onBeforeOptimizerStep' }, ({ gradients }) => {
      this.#stopLooking?.();
      this.#stopLooking = undefined;
      this.#gradients = Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [name, viewOfTensor(gradient.dataSync())]),
      );
    });
  }

  /** The run stands, or has moved otherwise than step by step. */
  settle(): void {
    this.#times = [];
    this.#due = 2;
    this.#loss.cutAfter(this.run.position.globalStep);
  }

  /** A recorder of a fork, which has the same past. */
  follow(fork: Run): Recorder {
    return new Recorder(fork, this.#loss.copy());
  }

  dispose(): void {
    this.#stopListening();
    this.#stopLooking?.();
  }
}
