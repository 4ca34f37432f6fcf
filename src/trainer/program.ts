/**
 * A resumable program: written once as a tree of named phases that reads top to bottom, compiled to a flat list of
 * instructions whose index is the only thing that says where a run stands.
 *
 * No position lives in a call stack or a generator, so a program can be left at any instruction, described by a path
 * such as `fit/train/epoch/batch/onAfterBackward`, and entered there again, in this process or another one.
 */
export type Act<C> = (context: C) => void | Promise<void>;
export type Condition<C> = (context: C) => boolean;

export type Phase<C, H extends string> =
  | { kind: 'hook'; name: H }
  | { kind: 'act'; name: string; run: Act<C>; repeatable?: Condition<C> }
  | { kind: 'when'; name: string; holds: Condition<C>; body: Phase<C, H>[] }
  | { kind: 'loop'; name: string; holds: Condition<C>; body: Phase<C, H>[] }
  | { kind: 'scope'; name: string; reenter: boolean; enter: Phase<C, H>[]; body: Phase<C, H>[]; exit: Phase<C, H>[] };

export interface ScopeParts<C, H extends string> {
  /** Begins the scope. Once its first instruction has begun, the exit is owed. */
  enter: Phase<C, H>[];
  body: Phase<C, H>[];
  /** Ends the scope: after the body, and also when the body fails or is interrupted. */
  exit: Phase<C, H>[];
  /** True for what belongs to the process rather than the run (set-up, loaders): a resumed program enters it anew. */
  reenter?: boolean;
}

/** The words a program is written in, for one context type and one set of hooks. */
export function vocabulary<C, H extends string>() {
  return {
    /** A point where the program can pause; callbacks and the module are called here. */
    hook: (name: H): Phase<C, H> => ({ kind: 'hook', name }),
    /** Something that is done. */
    act: (name: string, run: Act<C>): Phase<C, H> => ({ kind: 'act', name, run }),
    /** Something that is done, and that an error leaves undone: where `repeatable` holds it may be tried again. */
    attempt: (name: string, run: Act<C>, repeatable: Condition<C> = () => true): Phase<C, H> => ({
      kind: 'act',
      name,
      run,
      repeatable,
    }),
    when: (name: string, holds: Condition<C>, ...body: Phase<C, H>[]): Phase<C, H> => ({
      kind: 'when',
      name,
      holds,
      body,
    }),
    loop: (name: string, holds: Condition<C>, ...body: Phase<C, H>[]): Phase<C, H> => ({
      kind: 'loop',
      name,
      holds,
      body,
    }),
    /** A begin and an end that always come in pairs around a body. */
    scope: (name: string, { reenter = false, ...parts }: ScopeParts<C, H>): Phase<C, H> => ({
      kind: 'scope',
      name,
      reenter,
      ...parts,
    }),
  };
}

export type Instruction<C, H extends string> =
  | { kind: 'hook'; path: string; hook: H }
  | { kind: 'act'; path: string; run: Act<C>; repeatable?: Condition<C> }
  | { kind: 'test'; path: string; holds: Condition<C>; otherwise: number }
  | { kind: 'jump'; path: string; to: number };

export interface Range {
  from: number;
  to: number;
}

export interface Scope {
  path: string;
  reenter: boolean;
  enter: Range;
  body: Range;
  exit: Range;
}

export interface Program<C, H extends string> {
  name: string;
  phases: Phase<C, H>[];
  code: Instruction<C, H>[];
  /** Outermost first. */
  scopes: Scope[];
  /** Where the instruction with this path stands; undefined if there is none. */
  find(path: string): number | undefined;
}

export function compile<C, H extends string>(name: string, phases: Phase<C, H>[]): Program<C, H> {
  const code: Instruction<C, H>[] = [];
  const scopes: Scope[] = [];
  const index = new Map<string, number>();

  const emit = (instruction: Instruction<C, H>): void => {
    if (index.has(instruction.path)) throw new Error(`Two phases of the program are called ${instruction.path}.`);
    index.set(instruction.path, code.length);
    code.push(instruction);
  };
  const section = (phases: Phase<C, H>[], path: string): Range => {
    const from = code.length;
    for (const phase of phases) lower(phase, path);
    return { from, to: code.length };
  };
  const guarded = (phase: Phase<C, H> & { kind: 'when' | 'loop' }, path: string): void => {
    const test = { kind: 'test' as const, path: `${path}?`, holds: phase.holds, otherwise: -1 };
    const head = code.length;
    emit(test);
    section(phase.body, path);
    if (phase.kind === 'loop') emit({ kind: 'jump', path: `${path}/again`, to: head });
    test.otherwise = code.length;
  };
  const lower = (phase: Phase<C, H>, parent: string): void => {
    const path = parent === '' ? phase.name : `${parent}/${phase.name}`;
    switch (phase.kind) {
      case 'hook':
        emit({ kind: 'hook', path, hook: phase.name });
        break;
      case 'act':
        emit({ kind: 'act', path, run: phase.run, ...(phase.repeatable ? { repeatable: phase.repeatable } : {}) });
        break;
      case 'when':
      case 'loop':
        guarded(phase, path);
        break;
      case 'scope': {
        const scope = { path, reenter: phase.reenter } as Scope;
        scopes.push(scope);
        scope.enter = section(phase.enter, path);
        scope.body = section(phase.body, path);
        scope.exit = section(phase.exit, path);
        break;
      }
    }
  };

  section(phases, '');
  return { name, phases, code, scopes, find: (path) => index.get(path) };
}

/** The scopes that are open when the program stands at `pc`: entered, and their exit not yet done. Innermost first. */
export function openScopes<C, H extends string>(program: Program<C, H>, pc: number): Scope[] {
  return program.scopes.filter((scope) => scope.enter.from <= pc && pc < scope.exit.to).reverse();
}

/**
 * What has to run before a program can be entered at `target` in a new process: the beginnings of those scopes around
 * it that belong to the process. A target inside such a beginning means that the whole beginning is run again.
 */
export function reentry<C, H extends string>(program: Program<C, H>, target: number): { first: Range[]; next: number } {
  const around = program.scopes.filter(
    (scope) => scope.reenter && scope.enter.from <= target && target < scope.exit.to,
  );
  const first: Range[] = [];
  for (const scope of around) {
    // What stands before the outermost scope belongs to the process as well.
    const from = first.length === 0 ? 0 : scope.enter.from;
    if (target < scope.enter.to) return { first, next: from };
    first.push({ from, to: scope.enter.to });
  }
  return { first, next: first.length === 0 ? 0 : target };
}

/** The program as an indented outline, for people: which phase follows which, and where the hooks are. */
export function outline<C, H extends string>(phases: Phase<C, H>[], indent = ''): string {
  const line = (phase: Phase<C, H>): string => {
    const nested = (phases: Phase<C, H>[]) => outline(phases, `${indent}  `);
    switch (phase.kind) {
      case 'hook':
        return `${indent}* ${phase.name}\n`;
      case 'act':
        return `${indent}- ${phase.name}\n`;
      case 'when':
        return `${indent}if ${phase.name}\n${nested(phase.body)}`;
      case 'loop':
        return `${indent}for each ${phase.name}\n${nested(phase.body)}`;
      case 'scope':
        return `${indent}${phase.name}\n${nested([...phase.enter, ...phase.body, ...phase.exit])}`;
    }
  };
  return phases.map(line).join('');
}
