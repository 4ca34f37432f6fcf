import { setImmediate as breathe } from 'node:timers/promises';
import { streamOf, withRandom } from '../random/index.js';
import { dispatch, lastCalled, open, type Dispatch } from './dispatch.js';
import type { HookName } from './hooks.js';
import { openScopes, reentry, type Instruction, type Program, type Range } from './program.js';
import type { Profiler } from '../profilers/index.js';
import type { Session } from './session.js';
import { takeOver } from './tenancy.js';

/** Milliseconds of work after which a running program lets the event loop have a turn. */
const BREATH = 12;

/** Where a program stands, for another process to go on from. */
export interface Place {
  path: string;
  /** Inside a hook: who was called last. */
  after?: string;
}

/** The way to a place where the program is to go on, through what belongs to the process. */
interface Detour {
  ranges: Range[];
  next: number;
  after: string | undefined;
  arrive: () => Promise<void>;
}

/** Walks a program over a session: this is all there is to running, pausing, stepping and resuming. */
export class Execution {
  readonly program: Program<Session, HookName>;
  readonly session: Session;
  #pc = 0;
  /** True when the walk stopped before a hook: the next walk begins by calling it. */
  #atPoint = false;
  #running: Dispatch | undefined;
  /** A place inside a hook, until that hook is begun. */
  #after: string | undefined;
  #detour: Detour | undefined;
  #breathed = performance.now();

  constructor(program: Program<Session, HookName>, session: Session) {
    this.program = program;
    this.session = session;
  }

  get done(): boolean {
    return this.#pc >= this.program.code.length;
  }

  /** Set while the program makes its way to the place where it is to go on. */
  get reentering(): boolean {
    return this.#detour !== undefined;
  }

  get place(): Place {
    // On the way back to a place, that place is where the run stands.
    const path = this.program.code[this.#detour?.next ?? this.#pc]?.path ?? 'done';
    const after = this.#detour ? this.#detour.after : this.#running ? lastCalled(this.#running) : this.#after;
    return after === undefined ? { path } : { path, after };
  }

  /** The hook at which the walk stands, if it stands before one or in one. */
  get hook(): HookName | undefined {
    const instruction = this.program.code[this.#pc];
    return instruction?.kind === 'hook' ? instruction.hook : undefined;
  }

  /** In the process that knows the run already: stand there, now. */
  jump(place: Place): void {
    this.#pc = this.#locate(place);
    this.#after = place.after;
    this.#running = undefined;
    this.#detour = undefined;
    this.#atPoint = place.after === undefined && this.hook !== undefined;
  }

  /** In a new process: run what belongs to the process first, then `arrive`, then go on from there. */
  enter(place: Place, arrive: () => Promise<void>): void {
    const target = this.#locate(place);
    const { first, next } = reentry(this.program, target);
    const [start] = first;
    if (!start) return; // The place is in the process's own beginning: begin.
    // A place in a beginning that is run again as a whole is left in favour of that beginning.
    this.#detour = { ranges: first, next, after: next === target ? place.after : undefined, arrive };
    this.#pc = start.from;
  }

  /** Does one act of the surrounding phases again, on the draws it had: the nearest one of that name. */
  async repeat(path: string, name: string): Promise<void> {
    return this.#execute(this.program.code[this.#around(path, name)] as Instruction<Session, HookName>);
  }

  /** Stands in the nearest hook of that name, everybody in it called. */
  standIn(hook: HookName): void {
    this.#pc = this.#around(this.place.path, hook);
    const running = open(this.session, hook);
    running.called = running.callees.length;
    this.#after = lastCalled(running);
    this.#running = undefined;
    this.#atPoint = true;
  }

  #around(path: string, name: string): number {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const pc = this.program.find(`${at}/${name}`);
      if (pc !== undefined) return pc;
    }
    throw new Error(`The program ${this.program.name} has no ${name} around ${path}.`);
  }

  #locate({ path }: Place): number {
    const pc = path === 'done' ? this.program.code.length : this.program.find(path);
    if (pc === undefined) throw new Error(`The program ${this.program.name} has no phase ${path}.`);
    return pc;
  }

  /**
   * Goes on up to the next hook that `stop` wants to stop at, and stands before it; undefined when the program has ended.
   * `check` is asked at every hook and may throw to interrupt the program.
   */
  async advance(stop: (hook: HookName) => boolean, check?: () => void): Promise<HookName | undefined> {
    const { code } = this.program;
    for (;;) {
      if (this.#detour) await this.#followDetour(this.#detour);
      const instruction = code[this.#pc];
      if (!instruction) return undefined;
      takeOver(this.session);
      // A step computed in one go is not left in its middle.
      const whole = this.session.hands.replayed !== undefined;
      if (instruction.kind === 'hook' && !this.#atPoint && !this.#running && !whole) {
        // Interrupted here, the program stands before the hook: what it begins is not owed an end.
        this.#atPoint = true;
        check?.();
        this.#atPoint = false;
        if (!this.#detour && this.#after === undefined && stop(instruction.hook)) {
          this.#atPoint = true;
          return instruction.hook;
        }
      }
      const result = this.#execute(instruction);
      if (result instanceof Promise) await result;
      this.#complete(instruction);
      if (!whole && performance.now() - this.#breathed > BREATH) {
        await breathe();
        this.#breathed = performance.now();
      }
    }
  }

  /**
   * After an error: stands before what failed, as if paused there, if that changed nothing. A callback or the module that
   * threw in a hook is called again when the walk goes on, unless it has been taken out of the list; a step that threw is
   * done again.
   *
   * @param steps whether that goes for steps as well as for hooks
   */
  standBeforeFailure(steps: boolean): boolean {
    if (this.#detour) return false;
    const failed = this.#running;
    if (failed) {
      failed.called -= 1;
      this.#after = lastCalled(failed);
      this.#running = undefined;
      this.#atPoint = true;
      return true;
    }
    const instruction = this.program.code[this.#pc];
    return steps && instruction?.kind === 'act' && instruction.repeatable?.(this.session) === true;
  }

  #execute(instruction: Instruction<Session, HookName>): void | Promise<void> {
    const { session } = this;
    switch (instruction.kind) {
      case 'hook':
        this.#atPoint = false;
        this.#running ??= open(session, instruction.hook, this.#after);
        this.#after = undefined;
        return dispatch(session, instruction.path, this.#running);
      case 'act': {
        const run = () =>
          withRandom(
            () => streamOf(...session.drawKeys(instruction.path)),
            () => instruction.run(session),
          );
        const { profiler } = session.trainer;
        return profiler ? profiled(profiler, session.loop, instruction.path, run) : run();
      }
      case 'test':
      case 'jump':
        return;
    }
  }

  #complete(instruction: Instruction<Session, HookName>): void {
    this.#running = undefined;
    switch (instruction.kind) {
      case 'jump':
        this.#pc = instruction.to;
        break;
      case 'test':
        this.#pc = instruction.holds(this.session) ? this.#pc + 1 : instruction.otherwise;
        break;
      default:
        this.#pc += 1;
    }
  }

  async #followDetour(detour: Detour): Promise<void> {
    if (this.#pc !== detour.ranges[0]?.to) return;
    detour.ranges.shift();
    const [range] = detour.ranges;
    this.#pc = range?.from ?? detour.next;
    if (range) return;
    await detour.arrive();
    this.#after = detour.after;
    this.#detour = undefined;
  }

  #firstHook({ from, to }: Range): number | undefined {
    const at = this.program.code.slice(from, to).findIndex(({ kind }) => kind === 'hook');
    return at === -1 ? undefined : from + at;
  }

  /**
   * After an error or an interrupt: does the exits that are owed, innermost first, each hook once, whatever else goes
   * wrong on the way. Gives the errors that came up while doing so.
   */
  async unwind(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const attempt = async (work: () => void | Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        errors.push(error);
      }
    };
    const failedAt = this.#pc;
    // A hook that failed in one callee is still owed to the others if it belongs to an exit.
    const failed = this.#running;
    const after = this.#after;
    this.#detour = undefined;
    const atPoint = this.#atPoint && after === undefined;
    for (const { enter, exit } of openScopes(this.program, failedAt)) {
      if (atPoint && enter.from === failedAt) continue; // Stands before its beginning: nothing is owed.
      const begun = failedAt >= exit.from && failedAt < exit.to;
      // Hooks come in pairs: where no hook has begun the scope, none ends it.
      const first = this.#firstHook(enter);
      const owesHooks = first === undefined || failedAt > first || (failedAt === first && !atPoint);
      for (let pc = begun ? failedAt : exit.from; pc < exit.to; pc++) {
        const instruction = this.program.code[pc] as Instruction<Session, HookName>;
        this.#pc = pc;
        if (instruction.kind === 'act') {
          if (pc !== failedAt) await attempt(() => this.#execute(instruction));
        } else if (instruction.kind === 'hook' && owesHooks) {
          const here = begun && pc === failedAt;
          this.#running = here && failed ? failed : open(this.session, instruction.hook, here ? after : undefined);
          const { callees } = this.#running;
          while (this.#running.called < callees.length) await attempt(() => this.#execute(instruction));
          this.#running = undefined;
        }
      }
    }
    this.#pc = this.program.code.length;
    return errors;
  }
}

/** Spans of several phases, by the phases that they begin and end with. */
const SPANS: Record<string, { start?: string; stop?: string }> = {
  'epochs/beginEpoch': { start: 'run_training_epoch' },
  'epochs/endEpoch': { stop: 'run_training_epoch' },
  'epoch/batch/fetchBatch': { start: 'run_training_batch' },
  'epoch/batch/endBatch': { stop: 'run_training_batch' },
};

function profiled<T>(profiler: Profiler, loop: string, path: string, run: () => T): T {
  const names = path.split('/');
  const name = names.at(-1) as string;
  const span = loop === 'train' ? (SPANS[names.slice(-2).join('/')] ?? SPANS[names.slice(-3).join('/')]) : undefined;
  // A run that went back out of a span begins it anew.
  const end = (action: string | undefined): void => {
    if (action && profiler.measures(action)) profiler.stop(action);
  };
  end(span?.start);
  if (span?.start) profiler.start(span.start);
  const action = name === 'fetchBatch' ? `[${loop}].${loop}_dataloader_next` : `[${loop}].${name}`;
  const result = profiler.profile(action, run);
  if (result instanceof Promise) return result.then((value: unknown) => (end(span?.stop), value)) as T;
  end(span?.stop);
  return result;
}
