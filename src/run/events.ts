import type { EventExtras, HookData, HookName, HOOKS, Stage } from '../trainer/hooks.js';

/** Where a run stands. Plain data: it survives JSON. */
export interface Position {
  /** `fit`, `validate`, `test` or `predict`. */
  stage: Stage;
  /** The hook that is called next. */
  hook: HookName | 'done';
  /** The named phases that lead to it, outermost first. */
  path: string;
  /** Index of the epoch, from 0. */
  epoch: number;
  /** Index of the batch in its epoch, or in the evaluation that runs. */
  batchIdx: number;
  /** Optimizer steps done. */
  globalStep: number;
  /** Index of the loader of the evaluation that runs. */
  dataloaderIdx: number;
}

type Extras<H extends HookName> = H extends keyof EventExtras ? EventExtras[H] : unknown;

/** What a run shows at one hook: the hook's arguments by name, and what else is of interest there. */
export type EventOf<H extends HookName> = H extends HookName
  ? { readonly hook: H; readonly position: Position } & Readonly<Pick<HookData, (typeof HOOKS)[H][number]>> &
      Readonly<Extras<H>>
  : never;

/** All events, told apart by `hook`. */
export type RunEvent = EventOf<HookName>;
