import { readFile } from 'node:fs/promises';
import { getHashes } from 'node:crypto';
import { ConfigurationError, describe, StrobeError } from '../../src/errors.js';
import { isRecord } from './fields.js';
import type { Channel } from './message.js';

const CHANNELS = ['shell', 'control', 'stdin', 'iopub', 'hb'] as const;

/** Where a kernel listens, as the client has written it into the connection file. */
export interface Connection {
  addresses: Record<Channel, string>;
  key: string;
  /** The hash of the signatures, such as `sha256`. */
  algorithm: string;
  /** Keys of CurveZMQ, when the channels are encrypted. */
  curve?: { publicKey: string; secretKey: string };
}

/** @throws ConfigurationError when the file is missing or says something else than a connection */
export async function readConnection(file: string): Promise<Connection> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const [what, received] =
      code === 'ENOENT' ? [`There is no connection file ${file}.`, 'nothing'] : [`${file} cannot be read.`, message];
    throw problem(what, 'a file that a Jupyter client wrote', received, cause);
  });
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (cause) {
    throw problem(`${file} is no connection file.`, 'JSON', text.slice(0, 60), cause);
  }
  return connectionOf(fields, file);
}

export function connectionOf(fields: unknown, file = 'The connection file'): Connection {
  if (!isRecord(fields)) throw problem(`${file} is no connection file.`, 'a JSON object', describe(fields));
  const { transport = 'tcp', ip = '127.0.0.1', key = '', signature_scheme: scheme = 'hmac-sha256' } = fields;
  if (transport !== 'tcp' && transport !== 'ipc') {
    throw problem(`${file} names an unknown transport.`, 'tcp or ipc', describe(transport));
  }
  if (typeof ip !== 'string' || typeof key !== 'string') {
    throw problem(`${file} is incomplete.`, 'ip and key as strings', `${describe(ip)}, ${describe(key)}`);
  }
  const algorithm = typeof scheme === 'string' ? scheme.replace(/^hmac-/, '') : '';
  if (!getHashes().includes(algorithm)) {
    throw problem(`${file} names an unknown signature scheme.`, 'such as hmac-sha256', describe(scheme));
  }
  const address = (channel: Channel): string => {
    const port = fields[`${channel}_port`];
    if (typeof port !== 'number' && typeof port !== 'string') {
      throw problem(`${file} is incomplete.`, `${channel}_port`, describe(port));
    }
    if (transport === 'tcp' && !isPort(port)) {
      throw problem(`${file} names no port.`, `${channel}_port: a whole number from 1 to 65535`, describe(port));
    }
    return transport === 'ipc' ? `ipc://${ip}-${port}` : `tcp://${ip}:${port}`;
  };
  const addresses = Object.fromEntries(CHANNELS.map((channel) => [channel, address(channel)]));
  const connection: Connection = { addresses: addresses as Record<Channel, string>, key, algorithm };
  const { curve_publickey: publicKey, curve_secretkey: secretKey } = fields;
  if (isCurveKey(publicKey) && isCurveKey(secretKey)) connection.curve = { publicKey, secretKey };
  else if (publicKey || secretKey) {
    // Without them it would listen unencrypted.
    const expected = 'curve_publickey and curve_secretkey: 40 characters each, or neither';
    throw problem(`${file} has no pair of keys.`, expected, `${lengthOf(publicKey)} and ${lengthOf(secretKey)}`);
  }
  return connection;
}

function isPort(port: number | string): boolean {
  return Number.isInteger(Number(port)) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** As ZeroMQ writes a key: 32 bytes in Z85. */
function isCurveKey(key: unknown): key is string {
  return typeof key === 'string' && key.length === 40;
}

/** Keys are not for logs. */
function lengthOf(key: unknown): string {
  return typeof key === 'string' ? `${key.length} characters` : describe(key);
}

function problem(what: string, expected: string, received: string, cause?: unknown): ConfigurationError {
  const hint = 'start the kernel from a Jupyter client, or give the file that it wrote: --connection-file FILE';
  return new ConfigurationError(StrobeError.compose(what, { expected, received, hint }), { cause });
}
