import type { Size, State } from '../store/state.js';

/** A part of the screen: a function of the state. */
export interface Pane {
  /** What stands at the right of its title. */
  note?(state: State): string;
  /** As many rows as it likes, each as wide as it likes: they are cut to size. */
  rows(state: State, size: Size): string[];
  /** How many things can be selected in it. */
  items?(state: State): number;
}

/** The stretch of a list that is seen, so that what is selected is in it. */
export function stretch(selected: number, count: number, room: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(selected - (room >> 1), count - room));
  return { from, to: Math.min(count, from + room) };
}

/** Whether something is selected, for a list whose selection may be beyond its end. */
export function selectedIn(selected: number, count: number): number {
  return Math.max(0, Math.min(selected, count - 1));
}
