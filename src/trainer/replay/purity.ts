import { parse, type Node } from 'acorn';
import { analyze, type Reference } from 'eslint-scope';
import { Module } from '../../module/module.js';
import { isPlainRecord } from '../../tensors/tree.js';

/**
 * Whether a training step does nothing but compute: then leaving it out changes nothing but the time it takes. Its source
 * is read, and that of every method it may call on the module, on modules below it, and on plain records in them.
 *
 * It must not write to anything but its own variables, call anything for its effect alone (logging apart), look at values
 * of tensors, the clock, chance, the trainer or the batch's number, nor read variables from outside except constants
 * by name (`CLASSES`). Functions from outside that it calls for their result are taken to be as good as tfjs's own.
 *
 * @returns why it may do more, in words; undefined if nothing was found.
 */
export function impurityOf(module: Module): string | undefined {
  const owners = objectsIn(module);
  const seen = new Set<string>();
  const names = ['trainingStep'];
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const code of new Set(owners.flatMap((owner) => codeOf(owner, name)))) {
      const judged = judge(code, name === 'trainingStep');
      if (judged.reason !== undefined) return `${name} ${judged.reason}`;
      names.push(...judged.members);
    }
  }
  return undefined;
}

/** The module, and the modules, arrays and plain records below it. */
function objectsIn(module: Module): object[] {
  const found = new Set<object>();
  const visit = (value: unknown): void => {
    const looksInside = value instanceof Module || Array.isArray(value) || isPlainRecord(value);
    if (!looksInside || found.has(value)) return;
    found.add(value);
    Object.values(value).forEach(visit);
  };
  visit(module);
  return [...found];
}

/** The functions that a member of this name stands for: a method, or an accessor. */
function codeOf(owner: object, name: string): string[] {
  const ends: unknown[] = [null, Module.prototype, Object.prototype, Array.prototype];
  for (let at: object | null = owner; at && !ends.includes(at);) {
    const member = Object.getOwnPropertyDescriptor(at, name);
    if (member) {
      return [member.get, member.value as unknown].filter((f) => typeof f === 'function').map((f) => String(f));
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return [];
}

/** Always the same, wherever they are read. */
const PURE_GLOBALS = new Set(
  (
    'undefined NaN Infinity Math Number String Boolean Array Object Map Set JSON BigInt Symbol Error TypeError RangeError ' +
    'Float32Array Float64Array Int32Array Uint8Array parseInt parseFloat isNaN isFinite'
  ).split(' '),
);
/** Something else each time, or something that is seen from outside. */
const IMPURE_GLOBALS = new Set(
  (
    'Date performance crypto process console globalThis window self global setTimeout setInterval setImmediate ' +
    'queueMicrotask fetch require eval Function Reflect Proxy Atomics'
  ).split(' '),
);
/** They look at values, which the next batch has others of, or draw them. */
const LOOKS = new Set('dataSync arraySync data array buffer bufferSync bytes print random now'.split(' '));
/** What a step may use of the module's base class. */
const BASE = new Set('log logDict forward parameters namedParameters training hparams'.split(' '));

type Syntax = Node & Record<string, unknown>;
interface Judged {
  reason?: string | undefined;
  /** Names of the members it uses: code that may run as well. */
  members: string[];
}

/** Judges one function by its source. */
function judge(code: string, isStep: boolean): Judged {
  const tree = parsed(code);
  if (!tree) return { reason: 'cannot be read', members: [] };
  const references = new Map<unknown, Reference>();
  const scopes = analyze(tree as never, { ecmaVersion: 2022, sourceType: 'script' });
  for (const scope of scopes.scopes) for (const each of scope.references) references.set(each.identifier, each);
  const parents = new Map<Syntax, Syntax>();
  const reader = new Reader(references, parents);
  let reason: string | undefined;
  const visit = (node: Syntax, parent?: Syntax): void => {
    if (parent) parents.set(node, parent);
    reason ??= reader.objection(node);
    if (reason === undefined) for (const child of childrenOf(node)) visit(child, node);
  };
  visit(tree);
  if (isStep) reason ??= takesMoreThanABatch(tree);
  return { reason, members: reader.members };
}

/** A method, an accessor, or a function. */
function parsed(code: string): Syntax | undefined {
  for (const text of [`(${code})`, `(class { ${code} })`, `({ ${code} })`]) {
    try {
      return parse(text, { ecmaVersion: 2022, ranges: true }) as unknown as Syntax;
    } catch {
      // It is written another way.
    }
  }
  return undefined;
}

function childrenOf(node: Syntax): Syntax[] {
  return Object.values(node)
    .flat()
    .filter((child): child is Syntax => typeof child === 'object' && child !== null && 'type' in child);
}

function takesMoreThanABatch(tree: Syntax): string | undefined {
  const first = (node: Syntax): Syntax | undefined =>
    'params' in node
      ? node
      : childrenOf(node)
          .map(first)
          .find((found) => found !== undefined);
  const params = (first(tree)?.['params'] ?? []) as Syntax[];
  return params.length > 1 || params[0]?.type === 'RestElement' ? 'takes the number of the batch' : undefined;
}

class Reader {
  readonly members: string[] = [];

  constructor(
    readonly references: ReadonlyMap<unknown, Reference>,
    readonly parents: ReadonlyMap<Syntax, Syntax>,
  ) {}

  /** Why this piece of syntax is none of a function that only computes. */
  objection(node: Syntax): string | undefined {
    switch (node.type) {
      case 'AwaitExpression':
      case 'YieldExpression':
      case 'ImportExpression':
      case 'MetaProperty':
      case 'Super':
      case 'PrivateIdentifier':
      case 'WithStatement':
        return `uses what cannot be followed (${node.type})`;
      case 'AssignmentExpression':
        return this.#writing(node['left'] as Syntax);
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.#writing(node['left'] as Syntax);
      case 'UpdateExpression':
        return this.#writing(node['argument'] as Syntax);
      case 'UnaryExpression':
        return node['operator'] === 'delete' ? 'deletes something' : undefined;
      case 'ExpressionStatement':
        return this.#effect(node['expression'] as Syntax);
      case 'ThisExpression':
        return this.#self(node);
      case 'MemberExpression':
        return this.#member(node);
      case 'Property':
        // `const { weight } = this` reads a member as well.
        this.members.push(...nameOf(node['key'] as Syntax));
        return undefined;
      case 'Identifier':
        return this.#identifier(node);
      default:
        return undefined;
    }
  }

  #writing(target: Syntax): string | undefined {
    if (target.type === 'Identifier') {
      return this.references.get(target)?.resolved ? undefined : `assigns to ${String(target['name'])}`;
    }
    if (target.type === 'MemberExpression' && !this.#isOwn(target)) return 'changes an object that is not its own';
    return undefined;
  }

  /** Whether a member belongs to an array or an object that the function has made itself. */
  #isOwn(member: Syntax): boolean {
    let root = member;
    while (root.type === 'MemberExpression') root = root['object'] as Syntax;
    const made = this.references.get(root)?.resolved?.defs[0]?.node as Syntax | undefined;
    const from = made?.type === 'VariableDeclarator' ? (made['init'] as Syntax | null) : undefined;
    return ['ArrayExpression', 'ObjectExpression', 'NewExpression'].includes(from?.type ?? '');
  }

  /** A statement whose value is not used is there for its effect. */
  #effect(expression: Syntax): string | undefined {
    switch (expression.type) {
      case 'AssignmentExpression':
      case 'UpdateExpression':
      case 'Literal':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ClassExpression':
      case 'ObjectExpression':
        return undefined;
      case 'CallExpression': {
        const callee = expression['callee'] as Syntax;
        if (callee.type !== 'MemberExpression') break;
        const [name] = memberName(callee);
        const logs = (callee['object'] as Syntax).type === 'ThisExpression' && (name === 'log' || name === 'logDict');
        if (logs || name === 'forEach' || this.#isOwn(callee)) return undefined;
        break;
      }
      default:
    }
    return 'does something for its effect';
  }

  #self(node: Syntax): string | undefined {
    const parent = this.parents.get(node);
    if (parent?.type === 'MemberExpression' && parent['object'] === node) {
      const [name] = memberName(parent);
      if (name === undefined) return 'reads fields by computed names';
      return name in Module.prototype && !BASE.has(name) ? `uses this.${name}` : undefined;
    }
    const destructured = parent?.type === 'VariableDeclarator' && (parent['id'] as Syntax).type === 'ObjectPattern';
    return destructured ? undefined : 'hands `this` on';
  }

  #member(node: Syntax): string | undefined {
    const [name] = memberName(node);
    if (name === undefined) return undefined;
    this.members.push(name);
    const parent = this.parents.get(node);
    const called = parent?.type === 'CallExpression' && parent['callee'] === node;
    return called && LOOKS.has(name) ? `calls ${name}()` : undefined;
  }

  #identifier(node: Syntax): string | undefined {
    const name = String(node['name']);
    if (name === 'arguments') return 'reads its arguments';
    const reference = this.references.get(node);
    if (!reference || reference.resolved) return undefined;
    if (IMPURE_GLOBALS.has(name)) return `uses ${name}`;
    if (PURE_GLOBALS.has(name) || /^[A-Z][A-Z0-9_]*$/.test(name)) return undefined;
    return this.#isCalled(node) ? undefined : `reads ${name}, which may change`;
  }

  /** `name(...)`, `new name(...)`, `name.some.thing(...)`: not its value, but a function is used. */
  #isCalled(node: Syntax): boolean {
    let at = node;
    let parent = this.parents.get(at);
    while (parent?.type === 'MemberExpression' && parent['object'] === at) {
      at = parent;
      parent = this.parents.get(at);
    }
    // Compilers write (0, module.name)(...).
    if (parent?.type === 'SequenceExpression' && (parent['expressions'] as Syntax[]).at(-1) === at) {
      at = parent;
      parent = this.parents.get(at);
    }
    return (parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent['callee'] === at;
  }
}

function memberName(member: Syntax): string[] {
  const property = member['property'] as Syntax;
  return member['computed'] === true && property.type !== 'Literal' ? [] : nameOf(property);
}

function nameOf(key: Syntax): string[] {
  if (key.type === 'Identifier') return [String(key['name'])];
  if (key.type === 'Literal') return [String(key['value'])];
  return [];
}
