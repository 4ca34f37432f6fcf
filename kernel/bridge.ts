/** What the two threads tell each other: the I/O thread owns the sockets, the main thread runs the cells. */
import type { Connection } from './protocol/connection.js';
import type { Fields, Header } from './protocol/message.js';

/** What the I/O thread needs to begin. */
export interface IoOptions {
  connection: Connection;
  historyFile: string | undefined;
  /** What the main thread counts the bytes of output in that were not sent yet; see `Backlog`. */
  backlog: SharedArrayBuffer;
}

/** A request that the main thread answers. */
export interface Request {
  id: number;
  header: Header;
  content: Fields;
  metadata: Fields;
  buffers: Uint8Array[];
}

export type ToMain =
  | { type: 'request'; request: Request; executionCount: number }
  /** The cells that were running when the interrupt came. */
  | { type: 'interrupt'; ids: number[] }
  | { type: 'input'; id: number; value: string }
  /** The kernel is to end; the answer is `goodbye`. */
  | { type: 'exit' };

export type ToIo =
  /** The slot that makes loops of cells throw. */
  | { type: 'interruptFlag'; flag: Int32Array }
  | { type: 'publish'; message: Publication }
  /** The main thread has come to an interrupt. */
  | { type: 'interrupted' }
  /** The main thread ends as soon as the I/O thread has. */
  | { type: 'goodbye' }
  /** Something in the code of the request asks the user. `id` is the request's. */
  | { type: 'ask'; id: number; prompt: string; password: boolean }
  /** The request is done: its reply is sent, if it has one, and then it is idle. */
  | { type: 'done'; id: number; content?: Fields };

export interface Publication {
  type: string;
  /** The request that this comes from. Undefined: from none. */
  parent: Header | undefined;
  content: Fields;
  metadata?: Fields | undefined;
  buffers?: Uint8Array[] | undefined;
}
