import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Fields, type Header, type Message, PROTOCOL_VERSION } from './message.js';
import { isRecord } from './fields.js';

const DELIMITER = Buffer.from('<IDS|MSG>');

/** How many signatures are remembered to refuse a message that comes twice. */
const REMEMBERED = 65_536;

/** A message that is not one, is not signed by who knows the key, or came before. */
export class WireError extends Error {
  override name = 'WireError';
}

export interface Envelope {
  /** Who sent it, for the way back. */
  identities: Uint8Array[];
  message: Message;
}

/** A message to send; its header is made when it is. */
export interface Outgoing {
  type: string;
  parent: Header | Fields;
  content: Fields;
  metadata?: Fields | undefined;
  buffers?: readonly Uint8Array[] | undefined;
}

/** Frames of sockets to messages and back, signed with the key of the connection. */
export class Wire {
  readonly #key: string;
  readonly #algorithm: string;
  readonly #session = randomUUID();
  readonly #seen = new Set<string>();

  /** @param key an empty one means that nothing is signed */
  constructor(key: string, algorithm = 'sha256') {
    this.#key = key;
    this.#algorithm = algorithm;
  }

  /** @throws WireError, which never tells what the signature should have been */
  decode(frames: readonly Uint8Array[]): Envelope {
    const at = frames.findIndex((frame) => DELIMITER.equals(frame));
    if (at < 0) throw new WireError('there is no delimiter in it');
    const [signature, ...rest] = frames.slice(at + 1);
    const parts = rest.slice(0, 4);
    if (!signature || parts.length < 4) throw new WireError('parts of it are missing');
    this.#verify(Buffer.from(signature).toString('latin1'), parts);
    const [header, parent, metadata, content] = parts.map(parse) as [Fields, Fields, Fields, Fields];
    if (!isHeader(header)) throw new WireError('its header is incomplete');
    const buffers = rest.slice(4);
    return { identities: frames.slice(0, at), message: { header, parent, metadata, content, buffers } };
  }

  encode(
    identities: readonly (Uint8Array | string)[],
    { type, parent, content, metadata = {}, buffers = [] }: Outgoing,
  ): (Uint8Array | string)[] {
    const header: Header = {
      msg_id: randomUUID(),
      session: this.#session,
      username: 'kernel',
      date: new Date().toISOString(),
      msg_type: type,
      version: PROTOCOL_VERSION,
    };
    const parts = [header, parent, metadata, content].map((part) => JSON.stringify(part));
    return [...identities, DELIMITER, this.#sign(parts), ...parts, ...buffers];
  }

  #verify(signature: string, parts: readonly Uint8Array[]): void {
    if (this.#key === '') return;
    const received = Buffer.from(signature, 'latin1');
    const expected = Buffer.from(this.#sign(parts), 'latin1');
    if (received.length !== expected.length || !timingSafeEqual(received, expected)) {
      throw new WireError('its signature is not valid');
    }
    if (this.#seen.has(signature)) throw new WireError('it came before');
    this.#seen.add(signature);
    const [oldest] = this.#seen;
    if (this.#seen.size > REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
  }

  #sign(parts: readonly (Uint8Array | string)[]): string {
    if (this.#key === '') return '';
    const hmac = createHmac(this.#algorithm, this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }
}

function parse(frame: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame).toString('utf8'));
  } catch {
    throw new WireError('a part of it is no JSON');
  }
  if (!isRecord(value)) throw new WireError('a part of it is no JSON object');
  return value;
}

function isHeader(header: Fields): header is Fields & Header {
  return ['msg_id', 'session', 'msg_type'].every((name) => typeof header[name] === 'string');
}
