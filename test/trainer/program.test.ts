import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, openScopes, outline, reentry, vocabulary, type Phase } from '../../src/trainer/program.js';

type Hook = 'begin' | 'work' | 'end';
interface Context {
  rounds: number;
}
const { hook, act, when, loop, scope } = vocabulary<Context, Hook>();

const program = compile<Context, Hook>('example', [
  act('prepare', () => undefined),
  scope('outer', {
    reenter: true,
    enter: [hook('begin')],
    body: [
      scope('inner', {
        enter: [act('open', () => undefined)],
        body: [
          loop(
            'round',
            (c) => c.rounds-- > 0,
            hook('work'),
            when(
              'late',
              (c) => c.rounds === 0,
              act('rare', () => undefined),
            ),
          ),
        ],
        exit: [act('close', () => undefined)],
      }),
    ],
    exit: [hook('end')],
  }),
]);

/** Runs a program without ever pausing; the paths of hooks and acts in the order in which they come. */
function run(code: typeof program.code, context: Context): string[] {
  const seen: string[] = [];
  for (let pc = 0; pc < code.length;) {
    const instruction = code[pc];
    if (instruction?.kind === 'test') pc = instruction.holds(context) ? pc + 1 : instruction.otherwise;
    else if (instruction?.kind === 'jump') pc = instruction.to;
    else {
      seen.push(instruction?.path ?? '');
      pc += 1;
    }
  }
  return seen;
}

describe('a program', () => {
  it('runs its phases as they are written', () => {
    expect(run(program.code, { rounds: 2 })).toEqual([
      'prepare',
      'outer/begin',
      'outer/inner/open',
      'outer/inner/round/work',
      'outer/inner/round/work',
      'outer/inner/round/late/rare',
      'outer/inner/close',
      'outer/end',
    ]);
  });

  it('finds every instruction by its path', () => {
    program.code.forEach(({ path }, pc) => expect(program.find(path)).toBe(pc));
    expect(program.find('nowhere')).toBeUndefined();
  });

  it('refuses two phases of one path, which no saved position could tell apart', () => {
    expect(() => compile<Context, Hook>('twice', [hook('work'), hook('work')])).toThrow(
      'Two phases of the program are called work',
    );
  });

  it('knows which scopes are open, innermost first', () => {
    const at = program.find('outer/inner/round/work') ?? -1;
    expect(openScopes(program, at).map(({ path }) => path)).toEqual(['outer/inner', 'outer']);
    expect(openScopes(program, 0)).toEqual([]);
  });

  it('is entered in a new process through the beginnings that belong to the process', () => {
    const target = program.find('outer/inner/round/work') ?? -1;
    const { first, next } = reentry(program, target);
    const entered = first.flatMap(({ from, to }) => program.code.slice(from, to).map(({ path }) => path));
    expect(entered).toEqual(['prepare', 'outer/begin']);
    expect(next).toBe(target);
    // Inside such a beginning, the beginning is run as a whole.
    expect(reentry(program, program.find('outer/begin') ?? -1)).toEqual({ first: [], next: 0 });
  });

  it('can be read as an outline', () => {
    expect(outline(program.phases)).toBe(`- prepare
outer
  * begin
  inner
    - open
    for each round
      * work
      if late
        - rare
    - close
  * end
`);
  });

  it('runs each loop as often as its condition holds, however loops are nested', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }), (counts) => {
        const counters = counts.map(() => 0);
        let worked = 0;
        let body: Phase<Context, Hook>[] = [act('work', () => void worked++)];
        counts.forEach((count, level) => {
          const begin = act(`begin ${level}`, () => void (counters[level] = 0));
          body = [
            begin,
            loop(`level ${level}`, () => (counters[level] = (counters[level] ?? 0) + 1) <= count, ...body),
          ];
        });
        const nested = compile<Context, Hook>('nested', body);
        for (let pc = 0; pc < nested.code.length;) {
          const instruction = nested.code[pc];
          if (instruction?.kind === 'test') pc = instruction.holds({ rounds: 0 }) ? pc + 1 : instruction.otherwise;
          else if (instruction?.kind === 'jump') pc = instruction.to;
          else {
            if (instruction?.kind === 'act') void instruction.run({ rounds: 0 });
            pc += 1;
          }
        }
        expect(worked).toBe(counts.reduce((product, count) => product * count, 1));
      }),
    );
  });
});
