import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Module } from '../module/module.js';
import { Callback, type CallbackKind } from '../trainer/callback.js';
import type { Trainer } from '../trainer/trainer.js';
import { DEFAULT_STYLE } from './checkpoints/naming.js';
import { folderFrom } from './checkpoints/storage.js';
import { checkOptions } from './options.js';

const schema = z.strictObject({
  /** Folder of the file. */
  dirpath: z.string().min(1),
  /** Its name, without the extension. */
  filename: z.string().min(1).default('on_exception'),
});

/** What OnExceptionCheckpoint takes. @interface */
export type OnExceptionCheckpointOptions = z.input<typeof schema>;

/**
 * Saves a fit that fails or is interrupted. The next fit with such a callback goes on from the file by itself; a fit that
 * ends well deletes it.
 */
export class OnExceptionCheckpoint extends Callback {
  /** Where it saves. */
  readonly ckptPath: string;

  constructor(options: OnExceptionCheckpointOptions) {
    super();
    const { dirpath, filename } = checkOptions('OnExceptionCheckpoint', schema, options);
    this.ckptPath = join(folderFrom(dirpath), filename + DEFAULT_STYLE.extension);
  }

  /** Last, so that what it saves is complete. */
  override get kind(): CallbackKind {
    return 'checkpoint';
  }

  /** Of a fit only: there is nothing in an evaluation to go on with. */
  override async onException(trainer: Trainer): Promise<void> {
    if (trainer.stage !== 'fit') return;
    await trainer.saveCheckpoint(this.ckptPath);
  }

  override async teardown(trainer: Trainer, _module: Module): Promise<void> {
    const ended = trainer.stage === 'fit' && trainer.status !== 'failed' && trainer.status !== 'interrupted';
    if (ended) await rm(this.ckptPath, { force: true });
  }
}
