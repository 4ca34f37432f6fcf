import { Chalk, chalkStderr, supportsColor } from 'chalk';
import { colourOf } from '../../src/display/figure/palette.js';

/** Colours as far as the terminal has them, and none where the user wants none; bold, dim and inverse stay. */
const colours = process.env['NO_COLOR'] ? 0 : supportsColor ? supportsColor.level : 0;
const colour = new Chalk({ level: colours });
const weight = new Chalk({ level: process.stdout.isTTY || colours > 0 ? 1 : chalkStderr.level > 0 ? 1 : 0 });

export type Paint = (text: string) => string;

/** What things look like, by what they are. */
export const style = {
  /** Whether curves can be told apart by colour; otherwise letters do it. */
  coloured: colours > 0,
  /** Whether a place can be shown by inverting it; otherwise a mark does it. */
  weighted: weight.level > 0,
  bold: weight.bold as Paint,
  dim: weight.dim as Paint,
  inverse: weight.inverse as Paint,
  accent: colour.hex('#3a9ad9') as Paint,
  good: colour.hex(colourOf(2)) as Paint,
  warn: colour.hex('#c98a00') as Paint,
  bad: colour.hex('#e05252') as Paint,
  value: colour.hex('#b48ead') as Paint,
  /** A curve's colour, by its index. */
  series: (index: number): Paint => colour.hex(colourOf(index)),
};
