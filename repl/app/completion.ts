import type { Context } from '../commands/command.js';
import { offers } from '../commands/lookup.js';
import type { Offers, Prompt } from '../prompt/prompt.js';
import type { Input, Offer } from '../store/state.js';
import type { LineEditor } from './line-editor.js';

/** Commands whose argument is code. */
const CODE = /^\s*(?:p|print|add)\s+/;

/** Completes what is being typed as far as it is clear; gives what it could be if it is not. */
export async function complete(
  mode: Input['mode'],
  editor: LineEditor,
  { context, prompt }: { context: Pick<Context, 'bench' | 'commands'>; prompt: Prompt },
): Promise<Offer[]> {
  if (mode !== 'command' && mode !== 'prompt') return [];
  const before = editor.text.slice(0, editor.cursor);
  const code = mode === 'prompt' ? 0 : CODE.exec(before)?.[0].length;
  const { from, offers: all } =
    code === undefined ? commandOffers(before, context) : await codeOffers(before, code, prompt);
  const words = all.map(({ text }) => text);
  const common = commonStart(words);
  if (words.length === 1) editor.replace(from, `${common}${code === undefined ? ' ' : ''}`);
  else if (common.length > before.length - from) editor.replace(from, common);
  return words.length > 1 ? all : [];
}

function commandOffers(line: string, context: Pick<Context, 'bench' | 'commands'>): Offers {
  const { from, words } = offers(line, context);
  return { from, offers: words.map((text) => ({ text })) };
}

/** Offers for code that begins somewhere in a line. */
async function codeOffers(line: string, begin: number, prompt: Prompt): Promise<Offers> {
  const { from, offers: found } = await prompt.offers(line.slice(begin));
  return { from: from + begin, offers: found };
}

function commonStart(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) while (!word.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
