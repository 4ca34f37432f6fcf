import type { ToMain } from '../bridge.js';
import { BadRequest, isRecord, read } from '../protocol/fields.js';
import { replyType, type Fields } from '../protocol/message.js';
import { commContent, executeRequest, historyRequest } from '../protocol/requests.js';
import type { CellHistory } from './history.js';
import type { Conversation } from './conversation.js';
import type { Incoming } from './incoming.js';
import type { Interrupts } from './interrupts.js';
import { kernelInfo } from './kernel-info.js';
import type { QueuedCell } from './shell.js';
import { ShellQueue } from './shell.js';
import { Subshells } from './subshells.js';

export interface RequestsOptions {
  conversation: Conversation;
  history: CellHistory;
  interrupts: Interrupts;
  tell: (message: ToMain) => void;
  /** Publishes what comes of a request. */
  publish: (incoming: Incoming, type: string, content: Fields) => void;
  shutDown: (reply: Fields) => void;
}

/** A request that the main thread has. */
interface Pending {
  incoming: Incoming;
  executionCount: number;
}

/** What every request leads to: much is answered here, at once, whatever the cells do; the rest is for the main thread. */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #shells: Subshells;
  readonly #pending = new Map<number, Pending>();
  readonly #comms = new Map<string, string>();
  #executionCount = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
    const start = (cell: QueuedCell) => this.#execute(cell);
    const abort = ({ incoming }: QueuedCell) =>
      options.conversation.answer(incoming, { status: 'aborted', execution_count: this.#executionCount });
    this.#shells = new Subshells(() => new ShellQueue({ start, abort }));
  }

  /** The cell that keeps the main shell busy. */
  get running(): Incoming | undefined {
    return this.#shells.main.running?.incoming;
  }

  /** A request that was handed on and is not done. */
  find(id: number): Incoming | undefined {
    return this.#pending.get(id)?.incoming;
  }

  receive(incoming: Incoming): void {
    try {
      this.#route(incoming);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      const { message: evalue, name: ename } = error;
      this.#options.conversation.answer(incoming, { status: 'error', ename, evalue, traceback: [evalue] });
    }
  }

  /** The main thread has done a request. */
  finish(id: number, content: Fields | undefined): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (!pending) return;
    const { incoming, executionCount } = pending;
    const { conversation } = this.#options;
    if (incoming.message.header.msg_type !== 'execute_request') return conversation.end(incoming, content);
    conversation.end(incoming, { ...content, execution_count: executionCount });
    this.#shells.finish(id, content?.['status'] === 'error');
  }

  /** Something that the main thread publishes: comms and results are known here, too. */
  noteOutput(type: string, content: Fields): void {
    if (type === 'comm_open' || type === 'comm_close') return this.#commChanged(type, content);
    const text = isRecord(content['data']) ? content['data']['text/plain'] : undefined;
    if (type !== 'execute_result' || typeof text !== 'string') return;
    this.#options.history.setOutput(read.number(content, 'execution_count'), text);
  }

  #commChanged(type: string, content: Fields): void {
    const { id, target } = commContent(content);
    if (type === 'comm_open') this.#comms.set(id, target);
    else if (type === 'comm_close') this.#comms.delete(id);
  }

  #route(incoming: Incoming): void {
    const { conversation, history, interrupts } = this.#options;
    const { header, content } = incoming.message;
    const answer = (fields: Fields): void => conversation.answer(incoming, { status: 'ok', ...fields });
    switch (header.msg_type) {
      case 'execute_request':
        this.#shells.find(header.subshell_id).add({ incoming, request: executeRequest(content) });
        if (interrupts.overtook(header.date)) this.#interrupt();
        return;
      case 'complete_request':
      case 'inspect_request':
      case 'is_complete_request':
        read.string(content, 'code');
        return this.#handOn(incoming);
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        this.#commChanged(header.msg_type, content);
        return this.#handOn(incoming);
      case 'kernel_info_request':
        return answer(kernelInfo());
      case 'history_request':
        return answer({ history: history.answer(historyRequest(content)) });
      case 'comm_info_request':
        return answer({ comms: this.#commInfo(read.string(content, 'target_name', '')) });
      case 'interrupt_request':
        interrupts.note(header.date);
        this.#interrupt();
        return answer({});
      case 'shutdown_request':
        return this.#shutDown(incoming, read.boolean(content, 'restart', false));
      case 'create_subshell_request':
        return answer({ subshell_id: this.#shells.create() });
      case 'delete_subshell_request':
        this.#shells.delete(read.string(content, 'subshell_id'));
        return answer({});
      case 'list_subshell_request':
        return answer({ subshell_id: this.#shells.ids });
      case 'debug_request':
        return conversation.answer(incoming, noDebugger(content));
      default:
        if (replyType(header.msg_type) === undefined) return;
        throw new BadRequest(`this kernel does not know ${header.msg_type}`);
    }
  }

  #interrupt(): void {
    this.#options.interrupts.interrupt(this.#shells.running.map((cell) => cell.incoming.id));
  }

  #execute({ incoming, request }: QueuedCell): void {
    this.#options.conversation.begin(incoming);
    const counts = request.storeHistory && request.code.trim() !== '';
    if (counts) this.#options.history.add(++this.#executionCount, request.code);
    if (!request.silent) {
      const content = { code: request.code, execution_count: this.#executionCount };
      this.#options.publish(incoming, 'execute_input', content);
    }
    this.#tell(incoming);
  }

  #handOn(incoming: Incoming): void {
    this.#options.conversation.begin(incoming);
    this.#tell(incoming);
  }

  #tell(incoming: Incoming): void {
    const { id, message } = incoming;
    const { header, content, metadata, buffers } = message;
    const executionCount = this.#executionCount;
    this.#pending.set(id, { incoming, executionCount });
    const request = { id, header, content, metadata, buffers };
    this.#options.tell({ type: 'request', request, executionCount });
  }

  #commInfo(target: string): Fields {
    const wanted = [...this.#comms].filter(([, name]) => target === '' || name === target);
    return Object.fromEntries(wanted.map(([id, target_name]) => [id, { target_name }]));
  }

  #shutDown(incoming: Incoming, restart: boolean): void {
    const reply = { status: 'ok', restart };
    this.#options.conversation.answer(incoming, reply);
    this.#options.publish(incoming, 'shutdown_reply', reply);
    this.#options.shutDown(reply);
  }
}

function noDebugger(content: Fields): Fields {
  return {
    type: 'response',
    request_seq: content['seq'] ?? 0,
    seq: 0,
    success: false,
    command: content['command'] ?? '',
    message: 'debugging cells is not supported by this kernel',
    body: {},
  };
}
