import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer, Request, Subscriber, curveKeyPair } from 'zeromq';

const root = new URL('../../', import.meta.url).pathname;
const DELIMITER = '<IDS|MSG>';

export interface ReceivedMessage {
  type: string;
  /** The id of the request that it comes from. */
  parentId: string | undefined;
  content: Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- a test looks into what it expects
  metadata: Record<string, unknown>;
  buffers: Buffer[];
  frames: Buffer[];
}

export interface ExecuteOptions {
  silent?: boolean;
  store_history?: boolean;
  user_expressions?: Record<string, string>;
  allow_stdin?: boolean;
  stop_on_error?: boolean;
  subshell?: string;
  metadata?: object;
}

export interface Executed {
  id: string;
  reply: ReceivedMessage;
  /** What came of it on iopub, from busy to idle. */
  messages: ReceivedMessage[];
  types: string[];
  /** Everything printed to stdout. */
  stdout: string;
  stderr: string;
  /** `text/plain` of the result. */
  result: string | undefined;
}

interface Waiting {
  matches: (message: ReceivedMessage) => boolean;
  resolve: (message: ReceivedMessage) => void;
}

/** Messages as they come, and who waits for one. */
class Inbox {
  readonly messages: ReceivedMessage[] = [];
  #waiting: Waiting[] = [];

  add(message: ReceivedMessage): void {
    this.messages.push(message);
    for (const entry of this.#waiting.filter(({ matches }) => matches(message))) {
      this.#waiting = this.#waiting.filter((other) => other !== entry);
      entry.resolve(message);
    }
  }

  async find(what: string, matches: Waiting['matches'], timeout = 30_000): Promise<ReceivedMessage> {
    const found = this.messages.find(matches);
    if (found) return found;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no ${what} within ${timeout} ms`)), timeout);
    });
    const message = new Promise<ReceivedMessage>((resolve) => this.#waiting.push({ matches, resolve }));
    return Promise.race([message, late]).finally(() => clearTimeout(timer));
  }
}

export interface KernelOptions {
  transport?: 'tcp' | 'ipc';
  curve?: boolean;
  /** The notebook's folder. */
  cwd?: string;
  env?: Record<string, string>;
  command?: string[];
}

/** A kernel process of its own, and a client that talks to it over its sockets. */
export class JupyterClient {
  readonly iopub = new Inbox();
  readonly shell = new Inbox();
  readonly control = new Inbox();
  readonly stdin = new Inbox();
  readonly session = randomUUID();
  log = '';

  private constructor(
    readonly folder: string,
    readonly connection: Record<string, unknown> & { key: string },
    readonly process: ChildProcess,
    /** What the kernel's routers know the client by. */
    readonly identity: string,
    private readonly sockets: { shell: Dealer; control: Dealer; stdin: Dealer; iopub: Subscriber; hb: Request },
  ) {}

  static async start(options: KernelOptions = {}): Promise<JupyterClient> {
    const { transport = 'tcp', curve = false } = options;
    const folder = await mkdtemp(join(tmpdir(), 'strobe-kernel-'));
    const [shell, iopub, stdin, control, hb] = transport === 'tcp' ? await freePorts(5) : [1, 2, 3, 4, 5];
    const keys = curveKeyPair();
    const identity = randomUUID();
    const connection = {
      transport,
      ip: transport === 'tcp' ? '127.0.0.1' : join(folder, 'kernel'),
      key: randomUUID(),
      signature_scheme: 'hmac-sha256',
      shell_port: shell,
      iopub_port: iopub,
      stdin_port: stdin,
      control_port: control,
      hb_port: hb,
      ...(curve ? { curve_publickey: keys.publicKey, curve_secretkey: keys.secretKey } : {}),
    };
    const file = join(folder, 'connection.json');
    await writeFile(file, JSON.stringify(connection), { mode: 0o600 });
    const { command = [process.execPath, join(root, 'dist/src/cli/main.js'), 'kernel', 'start'] } = options;
    const [program = process.execPath, ...args] = command;
    const child = spawn(program, [...args, '--connection-file', file], {
      cwd: options.cwd ?? root,
      env: { ...process.env, JUPYTER_DATA_DIR: join(folder, 'data'), ...options.env },
    });
    const client = new JupyterClient(
      folder,
      connection,
      child,
      identity,
      connect(connection, identity, curve ? keys.publicKey : undefined),
    );
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (client.log += text.toString()));
    client.#listen();
    await client.ready();
    return client;
  }

  /** A second client of the same kernel. */
  async join(options: { identity?: string } = {}): Promise<JupyterClient> {
    const { identity = randomUUID() } = options;
    const client = new JupyterClient(
      this.folder,
      this.connection,
      this.process,
      identity,
      connect(this.connection, identity),
    );
    client.#listen();
    await client.ready();
    return client;
  }

  /** Until the kernel answers, and its iopub channel, too. */
  async ready(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const id = this.send('shell', 'kernel_info_request', {});
      const idle = (message: ReceivedMessage) =>
        message.parentId === id && message.content['execution_state'] === 'idle';
      try {
        await this.iopub.find('idle', idle, 1000);
        return;
      } catch (error) {
        if (attempt > 20 || this.process.exitCode !== null) throw new Error(this.log, { cause: error });
      }
    }
  }

  /** Sends a message and gives its id. */
  send(
    channel: 'shell' | 'control' | 'stdin',
    type: string,
    content: object,
    { metadata = {}, buffers = [] as Uint8Array[], header = {} } = {},
  ): string {
    const { id, frames } = this.message(type, content, { metadata, buffers, header });
    this.sendFrames(channel, frames);
    return id;
  }

  /** A message as frames, signed. */
  message(
    type: string,
    content: object,
    { metadata = {}, buffers = [] as Uint8Array[], header = {} } = {},
  ): { id: string; frames: Buffer[] } {
    const id = randomUUID();
    const date = new Date().toISOString();
    const fields = {
      msg_id: id,
      session: this.session,
      username: 'test',
      date,
      msg_type: type,
      version: '5.4',
      ...header,
    };
    const parts = [fields, {}, metadata, content].map((part) => Buffer.from(JSON.stringify(part)));
    const frames = [DELIMITER, this.sign(parts), ...parts, ...buffers].map((frame) => Buffer.from(frame));
    return { id, frames };
  }

  sign(parts: readonly Uint8Array[]): string {
    const hmac = createHmac('sha256', this.connection.key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }

  #last: Promise<unknown> = Promise.resolve();
  sendFrames(channel: 'shell' | 'control' | 'stdin', frames: readonly Uint8Array[]): void {
    this.#last = this.#last.then(() => this.sockets[channel].send([...frames])).catch(() => undefined);
  }

  /** Sends a request and waits for its reply. */
  async request(
    channel: 'shell' | 'control',
    type: string,
    content: object = {},
    options: { header?: object; timeout?: number } = {},
  ): Promise<ReceivedMessage['content']> {
    const id = this.send(channel, type, content, { header: options.header ?? {} });
    return (await this.reply(id, channel, options.timeout)).content;
  }

  async reply(id: string, channel: 'shell' | 'control' = 'shell', timeout?: number): Promise<ReceivedMessage> {
    return this[channel].find(`reply to ${id}`, ({ parentId }) => parentId === id, timeout);
  }

  /** Sends a cell without waiting for it. */
  start(code: string, { subshell, metadata = {}, ...options }: ExecuteOptions = {}): string {
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, ...options };
    return this.send('shell', 'execute_request', content, {
      metadata,
      header: subshell ? { subshell_id: subshell } : {},
    });
  }

  /** Waits until a cell is done. */
  async done(id: string, timeout?: number): Promise<Executed> {
    const reply = await this.reply(id, 'shell', timeout);
    await this.iopub.find('idle', (message) => isIdle(message, id), timeout);
    const messages = this.of(id);
    const text = (name: string) =>
      messages
        .filter(({ type, content }) => type === 'stream' && content['name'] === name)
        .map(({ content }) => content['text'] as string)
        .join('');
    const result = messages.find(({ type }) => type === 'execute_result');
    return {
      id,
      reply,
      messages,
      types: messages.map(({ type, content }) => (type === 'status' ? (content['execution_state'] as string) : type)),
      stdout: text('stdout'),
      stderr: text('stderr'),
      result: result?.content['data']['text/plain'] as string | undefined,
    };
  }

  async execute(code: string, options?: ExecuteOptions): Promise<Executed> {
    return this.done(this.start(code, options));
  }

  /** What came on iopub of a request. */
  of(id: string): ReceivedMessage[] {
    return this.iopub.messages.filter(({ parentId }) => parentId === id);
  }

  /** Waits for something to be printed by a cell, also after its end. */
  async printed(id: string, text: string | RegExp, timeout?: number): Promise<ReceivedMessage> {
    const holds = (whole: string) => (typeof text === 'string' ? whole.includes(text) : text.test(whole));
    return this.iopub.find(
      `output ${text}`,
      ({ type, parentId, content }) => type === 'stream' && parentId === id && holds(content['text'] as string),
      timeout,
    );
  }

  /** Sends a heartbeat and gives the milliseconds until its echo. */
  async heartbeat(): Promise<number> {
    const begun = performance.now();
    await this.sockets.hb.send('ping');
    await this.sockets.hb.receive();
    return performance.now() - begun;
  }

  disconnect(): void {
    for (const socket of Object.values(this.sockets)) socket.close();
  }

  async stop(): Promise<void> {
    this.disconnect();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  #listen(): void {
    const { shell, control, stdin, iopub } = this.sockets;
    const read = async (socket: AsyncIterable<Buffer[]>, inbox: Inbox): Promise<void> => {
      for await (const frames of socket) inbox.add(decode(frames));
    };
    for (const [socket, inbox] of [
      [shell, this.shell],
      [control, this.control],
      [stdin, this.stdin],
      [iopub, this.iopub],
    ] as const) {
      read(socket, inbox).catch((error: unknown) => (this.log += String(error)));
    }
  }
}

function isIdle({ type, parentId, content }: ReceivedMessage, id: string): boolean {
  return type === 'status' && parentId === id && content['execution_state'] === 'idle';
}

function decode(frames: Buffer[]): ReceivedMessage {
  const at = frames.findIndex((frame) => frame.toString() === DELIMITER);
  const [header, parent, metadata, content] = frames.slice(at + 2, at + 6).map((part) => JSON.parse(part.toString()));
  return { type: header.msg_type, parentId: parent.msg_id, content, metadata, buffers: frames.slice(at + 6), frames };
}

function connect(connection: Record<string, unknown>, identity: string, serverKey?: string) {
  const routing = { routingId: identity, linger: 0 };
  const sockets = {
    shell: new Dealer(routing),
    control: new Dealer(routing),
    stdin: new Dealer(routing),
    iopub: new Subscriber({ linger: 0, receiveHighWaterMark: 0 }),
    hb: new Request({ linger: 0 }),
  };
  const { publicKey, secretKey } = curveKeyPair();
  for (const [channel, socket] of Object.entries(sockets)) {
    if (serverKey)
      Object.assign(socket, { curveServerKey: serverKey, curvePublicKey: publicKey, curveSecretKey: secretKey });
    const port = String(connection[`${channel}_port`]);
    const { transport, ip } = connection as { transport: string; ip: string };
    socket.connect(transport === 'ipc' ? `ipc://${ip}-${port}` : `tcp://${ip}:${port}`);
  }
  sockets.iopub.subscribe();
  return sockets;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
