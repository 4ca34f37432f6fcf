/** Messages as the Jupyter protocol has them. Names on the wire are kept as they are. */
export const PROTOCOL_VERSION = '5.4';

export interface Header {
  msg_id: string;
  session: string;
  username: string;
  date: string;
  msg_type: string;
  version: string;
  /** Which subshell a request is for (JEP 91). */
  subshell_id?: string | null;
}

export type Fields = Record<string, unknown>;

export interface Message {
  header: Header;
  /** The header of what this answers or comes from; empty when it comes from nothing. */
  parent: Header | Fields;
  metadata: Fields;
  content: Fields;
  buffers: Uint8Array[];
}

export type Channel = 'shell' | 'control' | 'stdin' | 'iopub' | 'hb';

/** The type of the message that answers a request; undefined when nothing does. */
export function replyType(requestType: string): string | undefined {
  return requestType.endsWith('_request') ? requestType.replace(/_request$/, '_reply') : undefined;
}
