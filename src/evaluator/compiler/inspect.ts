import ts from './typescript.js';
import type { Inspection } from '../evaluator.js';
import { withoutSpaces } from './earlier-cells.js';
import type { OpenCell } from './workspace.js';

export function inspect({ service, path, start }: OpenCell, cursor: number): Inspection | undefined {
  const info =
    service.getQuickInfoAtPosition(path, start + cursor) ??
    service.getQuickInfoAtPosition(path, start + Math.max(0, cursor - 1));
  if (!info) return undefined;
  const tags = (info.tags ?? []).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`.trimEnd());
  return {
    start: info.textSpan.start - start,
    end: info.textSpan.start + info.textSpan.length - start,
    signature: withoutSpaces(ts.displayPartsToString(info.displayParts)),
    documentation: [ts.displayPartsToString(info.documentation), ...tags].filter(Boolean).join('\n'),
  };
}
