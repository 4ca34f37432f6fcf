import type { Evaluator } from '../src/evaluator/evaluator.js';
import { interruptAll } from '../src/trainer/interrupt.js';
import type { Request, ToIo, ToMain } from './bridge.js';
import { complete, inspect, isComplete } from './cells/assistance.js';
import type { Cells } from './cells/cells.js';
import type { Output } from './cells/output.js';
import type { Questions } from './cells/questions.js';
import type { Comms } from './comms.js';
import type { Fields } from './protocol/message.js';

export interface KernelParts {
  evaluator: Promise<Evaluator>;
  output: Output;
  cells: Cells;
  comms: Comms;
  questions: Questions;
  post: (message: ToIo) => void;
  /** Called when a request is done. */
  worked: () => void;
}

/** The main thread's side: does what the I/O thread hands on. */
export class Kernel {
  readonly #parts: KernelParts;

  constructor(parts: KernelParts) {
    this.#parts = parts;
  }

  receive(message: ToMain): void {
    switch (message.type) {
      case 'request':
        return void this.#answer(message.request, message.executionCount);
      case 'interrupt':
        this.#parts.post({ type: 'interrupted' });
        interruptAll('interrupted from the notebook');
        return void this.#parts.cells.interrupt(message.ids);
      case 'input':
        return this.#parts.questions.answer(message.id, message.value);
      case 'exit':
        return this.#parts.post({ type: 'goodbye' });
    }
  }

  /** Every request is answered, whatever comes up, or the client would wait for ever. */
  async #answer(request: Request, executionCount: number): Promise<void> {
    const { id } = request;
    let content: Fields | undefined;
    try {
      content = await this.#content(request, executionCount);
    } catch (error) {
      content = { status: 'error', ...describeError(error) };
    }
    this.#parts.post(content ? { type: 'done', id, content } : { type: 'done', id });
    this.#parts.worked();
  }

  async #content(request: Request, executionCount: number): Promise<Fields | undefined> {
    const { evaluator, cells, comms } = this.#parts;
    const { content } = request;
    switch (request.header.msg_type) {
      case 'execute_request':
        return cells.execute(request, executionCount);
      case 'complete_request':
        return complete(await evaluator, content);
      case 'inspect_request':
        return inspect(await evaluator, content);
      case 'is_complete_request':
        return isComplete(await evaluator, content);
      default:
        return this.#comm(comms, request);
    }
  }

  /** Comms have no reply: what a callback throws is shown where it prints. */
  #comm(comms: Comms, request: Request): undefined {
    try {
      comms.receive(request);
    } catch (error) {
      this.#parts.output.text('stderr', `${textOf(error)}\n`);
    }
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
}

function describeError(error: unknown): Fields {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { ename: name, evalue: message, traceback: textOf(error).split('\n') };
}
