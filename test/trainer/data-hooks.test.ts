import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Callback, DataModule, ModelCheckpoint, type Loader, type Trainer } from 'strobe';
import { oracle } from '../support/oracle.js';
import { OneWeight, quietTrainer, upTo } from '../support/quiet.js';

const { called } = oracle('hooks');

let folder: string;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'strobe-data-hooks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes down what it is asked for. */
class Recorded extends DataModule {
  readonly calls: string[] = [];
  override prepareData(): void {
    this.calls.push('prepare_data');
  }
  override setup(stage: string): void {
    this.calls.push(`setup(stage=${stage})`);
  }
  override trainDataloader(): Loader {
    this.calls.push('train_dataloader');
    return upTo(2);
  }
  override valDataloader(): Loader {
    this.calls.push('val_dataloader');
    return upTo(1);
  }
  override stateDict(): object {
    this.calls.push('state_dict');
    return { count: 7 };
  }
  override loadStateDict(state: { count: number }): void {
    this.calls.push(`load_state_dict(${state.count})`);
  }
  override teardown(stage: string): void {
    this.calls.push(`teardown(stage=${stage})`);
  }
}

class Validating extends OneWeight {
  override validationStep(): void {}
}

describe('a data module', () => {
  it('is asked in this order: hooks.datamodule', async () => {
    const { expect: wanted } = called<unknown, { datamodule_calls: string[]; validate: string[] }>('hooks.datamodule');
    const data = new Recorded();
    const callbacks = [new ModelCheckpoint({ dirpath: join(folder, 'dm') })];
    const trainer = quietTrainer({ callbacks, enableCheckpointing: true, reloadDataloadersEveryNEpochs: 1 });
    await trainer.fit(new Validating(), data);
    expect(data.calls).toEqual(wanted.datamodule_calls);
    const again = new Recorded();
    await quietTrainer().validate(new Validating(), again);
    expect(again.calls).toEqual(wanted.validate);
  });

  it('gets its state back on resuming', async () => {
    const path = join(folder, 'state.ckpt');
    const run = quietTrainer().run(new Validating(), new Recorded());
    await run.step();
    await run.save(path);
    const data = new Recorded();
    await quietTrainer().fit(new Validating(), data, { ckptPath: path });
    expect(data.calls).toContain('load_state_dict(7)');
  });
});

describe('hooks of a checkpoint', () => {
  it('loadFromCheckpoint builds the model, then hands it the checkpoint: hooks.load_from_checkpoint', async () => {
    const { expect: wanted } = called<unknown, { module_calls: string[] }>('hooks.load_from_checkpoint');
    const calls: string[] = [];
    class Built extends OneWeight {
      override configureModel(): void {
        calls.push('configure_model');
      }
      override onLoadCheckpoint(): void {
        calls.push('on_load_checkpoint');
      }
    }
    const path = join(folder, 'built.ckpt');
    const trainer = quietTrainer();
    await trainer.fit(new Built(), upTo(1));
    await trainer.saveCheckpoint(path);
    calls.length = 0;
    await Built.loadFromCheckpoint(path);
    expect(calls).toEqual(wanted.module_calls.map((call) => /^\w+/.exec(call)?.[0]));
  });

  it('saved at the end of an epoch, the epoch is ended and the next begun: the peer leaves both out', async () => {
    const { expect: peer } = called<unknown, { calls: string[] }>('hooks.fit_resume_end_of_epoch0_from_batch_end_ckpt');
    expect(peer.calls.join()).not.toContain('on_train_epoch_start');
    const path = join(folder, 'end-of-epoch.ckpt');
    class SavesAt extends Callback {
      override async onTrainBatchEnd(trainer: Trainer): Promise<void> {
        if (trainer.globalStep === 4) await trainer.saveCheckpoint(path);
      }
    }
    await quietTrainer({ callbacks: [new SavesAt()], maxEpochs: 2 }).fit(new OneWeight(), upTo(4));
    const seen: string[] = [];
    class Watched extends OneWeight {
      override onTrainStart(): void {
        seen.push('onTrainStart');
      }
      override onTrainEpochStart(): void {
        seen.push(`onTrainEpochStart ${this.currentEpoch}`);
      }
      override onTrainBatchStart(_batch: unknown, batchIdx: number): void {
        seen.push(`batch ${batchIdx}`);
      }
      override onTrainEpochEnd(): void {
        seen.push(`onTrainEpochEnd ${this.currentEpoch}`);
      }
    }
    await quietTrainer({ maxEpochs: 2 }).fit(new Watched(), upTo(4), { ckptPath: path });
    const batches = [0, 1, 2, 3].map((i) => `batch ${i}`);
    expect(seen).toEqual(['onTrainStart', 'onTrainEpochEnd 0', 'onTrainEpochStart 1', ...batches, 'onTrainEpochEnd 1']);
  });
});

describe('a request to stop in mid-epoch', () => {
  it('is followed by a validation, and the epoch counts: hooks.should_stop_mid', async () => {
    const { expect: wanted } = called<
      unknown,
      { current_epoch: number; global_step: number; 'validation_called_at(epoch,global_step)': number[] }
    >('hooks.should_stop_mid');
    let validated: number[] = [];
    class Stopping extends OneWeight {
      override trainingStep(batch: tf.Tensor, batchIdx: number) {
        if (batchIdx === 4) this.trainer.shouldStop = true;
        return super.trainingStep(batch, batchIdx);
      }
      override validationStep(): void {
        validated = [this.currentEpoch, this.globalStep];
      }
    }
    const trainer = quietTrainer({ maxEpochs: 3, numSanityValSteps: 0 });
    const { epochs, steps } = await trainer.fit(new Stopping(), { train: upTo(10), val: upTo(1) });
    expect([epochs, steps]).toEqual([wanted.current_epoch, wanted.global_step]);
    expect(validated).toEqual(wanted['validation_called_at(epoch,global_step)']);
  });
});
