import type { Evaluator } from '../../src/evaluator/evaluator.js';
import type { Fields } from '../protocol/message.js';
import { codeRequest, pointsOf } from '../protocol/requests.js';

/** Content of `complete_reply`: what could stand at the cursor, with kinds and types. */
export async function complete(evaluator: Evaluator, content: Fields): Promise<Fields> {
  const { code, cursor } = codeRequest(content);
  const { start, end, matches } = await evaluator.complete(code, cursor);
  const [cursor_start, cursor_end] = [pointsOf(code, start), pointsOf(code, end)];
  const typed = matches.map(({ text, kind, type = '', documentation = '' }) => ({
    text,
    type: kind,
    signature: type,
    documentation,
    start: cursor_start,
    end: cursor_end,
  }));
  return {
    status: 'ok',
    matches: matches.map(({ text }) => text),
    cursor_start,
    cursor_end,
    metadata: { _jupyter_types_experimental: typed },
  };
}

/** Content of `inspect_reply`: the signature and documentation of what stands at the cursor. */
export async function inspect(evaluator: Evaluator, content: Fields): Promise<Fields> {
  const { code, cursor } = codeRequest(content);
  const found = await evaluator.inspect(code, cursor);
  if (!found) return { status: 'ok', found: false, data: {}, metadata: {} };
  const { signature, documentation } = found;
  const markdown = `\`\`\`typescript\n${signature}\n\`\`\`\n\n${documentation}`;
  const text = documentation === '' ? signature : `${signature}\n\n${documentation}`;
  return { status: 'ok', found: true, data: { 'text/plain': text, 'text/markdown': markdown }, metadata: {} };
}

/** Content of `is_complete_reply`. */
export async function isComplete(evaluator: Evaluator, content: Fields): Promise<Fields> {
  const { status, indent } = await evaluator.isComplete(codeRequest(content).code);
  return status === 'incomplete' ? { status, indent } : { status };
}
