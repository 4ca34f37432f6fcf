import { about } from './application.js';
import { changing } from './changes.js';
import type { Command } from './command.js';
import { going, goingBack } from './go.js';
import { keeping } from './keep.js';
import { looking } from './look.js';
import { stopping } from './stops.js';

/** Every command, in the order in which help shows them. */
export const commands: readonly Command[] = [
  ...going,
  ...stopping,
  ...goingBack,
  ...changing,
  ...looking,
  ...keeping,
  ...about,
];
