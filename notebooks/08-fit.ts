/** What notebook 08 trains in a process of its own: a checkpoint every 20 steps. */
import { ModelCheckpoint } from 'strobe';
import digits from '../examples/digits/digits.ts';

export default async ({ dirpath, images }: { dirpath: string; images: number }) => {
  const { trainer, model, data } = await digits({ epochs: 1, images });
  trainer.loggers.splice(0);
  trainer.callbacks.splice(0);
  trainer.callbacks.add(
    new ModelCheckpoint({ dirpath, filename: 'kept', everyNTrainSteps: 20, enableVersionCounter: false }),
  );
  return { trainer, model, data };
};
