import type { Message } from '../protocol/message.js';

/** A message that a client has sent. */
export interface Incoming {
  /** Counts messages, and names them between the threads. */
  id: number;
  channel: 'shell' | 'control';
  /** The way back to who sent it. */
  identities: Uint8Array[];
  message: Message;
}
