import ts from './typescript.js';
import type { Inspection } from '../evaluator.js';
import { withoutSpaces } from './earlier-cells.js';
import type { OpenCell } from './workspace.js';

/** What stands at the cursor or ends there; among the arguments of a call, what is called. */
export function inspect({ service, path, start }: OpenCell, cursor: number): Inspection | undefined {
  const at = start + cursor;
  const file = service.getProgram()?.getSourceFile(path);
  const info =
    service.getQuickInfoAtPosition(path, at) ??
    service.getQuickInfoAtPosition(path, Math.max(start, at - 1)) ??
    service.getQuickInfoAtPosition(path, (file && calledAround(file, at)) ?? at);
  if (!info) return undefined;
  const tags = (info.tags ?? []).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`.trimEnd());
  return {
    start: info.textSpan.start - start,
    end: info.textSpan.start + info.textSpan.length - start,
    signature: signatureOf(info.displayParts),
    documentation: [ts.displayPartsToString(info.documentation), ...tags].filter(Boolean).join('\n'),
  };
}

/** That a name came by an import, as everything of earlier cells does, is no news. */
export function signatureOf(parts: ts.SymbolDisplayPart[] | undefined): string {
  const text = withoutSpaces(ts.displayPartsToString(parts));
  return text.replace(/^\(alias\) /, '').replace(/\n(?:import|export) .*$/, '');
}

/** Where the name stands that the innermost call around a position calls. */
function calledAround(file: ts.SourceFile, cursor: number): number | undefined {
  // What is not closed yet ends with its last token.
  const position = file.text.slice(0, cursor).trimEnd().length;
  let found: number | undefined;
  const visit = (node: ts.Node): void => {
    if (position < node.pos || position > node.end) return;
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && node.expression.end < position) {
      const { expression } = node;
      found = (ts.isPropertyAccessExpression(expression) ? expression.name : expression).getStart(file);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
