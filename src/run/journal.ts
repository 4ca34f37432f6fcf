import type { Callback } from '../trainer/callback.js';
import { NOT_PLAIN, samePlain } from '../tensors/plain.js';
import type { Session } from '../trainer/session.js';
import type { Position } from './events.js';
import { noSuchSetting } from './refusals.js';
import { settingsOf, type Marks, type Settings } from './settings.js';

/** Something that was changed while a run was paused. Plain data. */
export interface JournalEntry {
  /** ISO 8601. */
  time: string;
  /** Where the run stood. */
  position: Position;
  /** What was changed, such as `['optimizers', '0', 'paramGroups', '0', 'lr']`. */
  path: readonly string[];
  /** What it was; absent for tensors, of which only the new values are kept. */
  from?: unknown;
  /** What it became; tensors as shape, dtype and values. */
  to: unknown;
}

/** Finds out what is changed between a pause and the next move, however it was done: by comparing before and after. */
export class Journal {
  /** Never changed in place: whoever keeps the list has the journal as it was. */
  entries: readonly JournalEntry[] = [];
  #before: { owner: object; marks: Marks }[] | undefined;

  /** The run has paused: this is how things are. */
  open(session: Session): void {
    this.#before = settingsOf(session).map((settings) => ({ owner: settings.owner, marks: settings.marks() }));
  }

  /** The run is about to move: what is different was changed meanwhile. */
  close(session: Session, position: () => Position): void {
    const before = this.#before;
    this.#before = undefined;
    if (!before) return;
    settingsOf(session).forEach((settings, i) => {
      // Almost always everything stands where it stood; a callback that was put elsewhere is looked for.
      const there =
        before[i]?.owner === settings.owner ? before[i] : before.find(({ owner }) => owner === settings.owner);
      if (there) this.#compare(settings, there.marks, position);
    });
  }

  #compare(settings: Settings, former: Marks, position: () => Position): void {
    const { names, values } = settings.marks();
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const at = former.names[i] === name ? i : former.names.indexOf(name);
      const mark = former.values[at];
      const now = values[i];
      if (mark === now || now === NOT_PLAIN || samePlain(mark, now)) continue;
      const from = settings.former(mark);
      const entry: JournalEntry = {
        time: new Date().toISOString(),
        position: position(),
        path: [...settings.at, name],
        ...(from === undefined ? {} : { from }),
        to: settings.read(name),
      };
      this.entries = [...this.entries, entry];
    }
  }
}

/**
 * Makes a recorded change in a run that stands where it was made.
 *
 * @param known callbacks that the change may have added: they are found by their keys
 */
export function apply(session: Session, { path, to }: JournalEntry, known: readonly Callback[] = []): void {
  const at = path.slice(0, -1);
  const settings = settingsOf(session, known).find((each) => samePlain(each.at, at));
  if (!settings) throw noSuchSetting(path);
  settings.write(path.at(-1) as string, to);
}

/** Whether two positions are the same moment of a run. */
export function sameMoment(a: Position, b: Position): boolean {
  const { path, epoch, batchIdx, globalStep, dataloaderIdx } = a;
  return (
    path === b.path &&
    epoch === b.epoch &&
    batchIdx === b.batchIdx &&
    globalStep === b.globalStep &&
    dataloaderIdx === b.dataloaderIdx
  );
}
