import { expect, test } from 'vitest';
import { EarlierCells } from '../../../src/evaluator/compiler/earlier-cells.js';

const none = new Map<string, string>();
const ran = (earlier: EarlierCells, id: number, kind: 'let' | 'const' | 'import', name: string, text: string): void =>
  earlier.add(id, { names: [[name, kind]], comments: none, declarations: `${text}\nexport { ${name} };` });

test('a cell begins with the names that it uses and does not declare itself', () => {
  const earlier = new EarlierCells({});
  ran(earlier, 1, 'let', 'lr', 'declare let lr: number;');
  ran(earlier, 2, 'import', 'Model', 'declare class Model {}');
  const prelude = (own: string[], used?: string[]): string =>
    earlier.prelude(new Map(own.map((name) => [name, ''])), used && new Set(used)).line;
  expect(prelude([], ['lr'])).toBe('declare let lr: typeof __cell1.lr;\n');
  expect(prelude(['lr'], ['lr', 'Model'])).toBe('import Model = __cell2.Model;\n');
  expect(prelude([])).toBe('declare let lr: typeof __cell1.lr;import Model = __cell2.Model;\n');
});

test('what no standing name leads to is forgotten: cells that are run again add nothing', () => {
  const earlier = new EarlierCells({});
  ran(earlier, 1, 'import', 'Model', 'declare class Model {}');
  ran(earlier, 2, 'const', 'model', 'import Model = __cell1.Model;\ndeclare const model: Model;');
  ran(earlier, 3, 'import', 'Model', 'declare class Model {}');
  const before = earlier.declarations('', 'packages');
  expect(before).toContain('namespace __cell1 {'); // the type of `model`
  for (let id = 4; id < 100; id++) ran(earlier, id, 'import', 'Model', 'declare class Model {}');
  expect(earlier.declarations('', 'packages').length).toBe(before.replace('cell3', 'cell99').length);
});

test('imports are handed on; only cells that have to do with packages see those', () => {
  const earlier = new EarlierCells({ tf: { module: '@tensorflow/tfjs' } });
  ran(earlier, 1, 'import', 'join', "import { join } from 'node:path';");
  ran(earlier, 2, 'import', 'Trainer', "import { Trainer } from 'strobe';");
  ran(earlier, 3, 'const', 'trainer', 'import Trainer = __cell2.Trainer;\ndeclare const trainer: Trainer;');
  const reach = (name: string): string => earlier.prelude(new Map(), new Set([name])).reach;
  expect(['join', 'Trainer', 'trainer'].map(reach)).toEqual(['plain', 'packages', 'packages']);
  expect(earlier.imported.text('plain')).toBe('export { join as _0 } from "node:path";\nexport {};');
  expect(earlier.declarations('', 'plain')).not.toContain('Trainer');
  expect(earlier.imported.text('packages')).not.toContain('tfjs'); // nobody has named it yet
  expect(reach('tf')).toBe('packages');
  expect(earlier.imported.text('packages')).toContain('export * as _2 from "@tensorflow/tfjs";');
});
