import { describe, expect, it } from 'vitest';
import { Callback, EarlyStopping, ModelCheckpoint, Trainer, type CallbackKind } from 'strobe';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const { called } = oracle('callbacks');

const named = (name: string, kind: CallbackKind = 'plain') => {
  const type = class extends Callback {
    override get kind() {
      return kind;
    }
  };
  Object.defineProperty(type, 'name', { value: name });
  return new type();
};

describe('the list of callbacks', () => {
  it('has tuners first and checkpoints last, what is brought along before these: cb.order', () => {
    const { expect: wanted } = called<unknown, { order: string[] }>('cb.order');
    const given = [
      new ModelCheckpoint(),
      named('A'),
      new EarlyStopping({ monitor: 'loss' }),
      named('BatchSizeFinder', 'tuner'),
      named('B2'),
      named('LearningRateFinder', 'tuner'),
    ];
    const trainer = new Trainer({ maxTime: '00:00:10:00', callbacks: given, logger: false });
    const ours = trainer.callbacks.map(({ constructor }) => constructor.name);
    // The plain bar and summary are this project's defaults.
    const same = wanted.order.map((name) => name.replace('Rich', ''));
    expect(ours).toEqual(same);
  });

  it("takes a module's callbacks in place of the trainer's of their class, or of a class above: cb.override", async () => {
    class Early extends EarlyStopping {}
    const mine = new Early({ monitor: 'loss', patience: 9 });
    class Bringing extends OneWeight {
      override configureCallbacks() {
        return [mine];
      }
      override onTrainEpochEnd(): void {
        this.log('loss', 1);
      }
    }
    const [first, other] = [new EarlyStopping({ monitor: 'loss' }), named('Other')];
    const trainer = quietTrainer({ callbacks: [first, other] });
    await trainer.fit(new Bringing(), upTo(1));
    expect([...trainer.callbacks]).toEqual([other, mine]);
  });
});
