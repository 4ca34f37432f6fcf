/** The I/O thread: owns the sockets, so that clients are answered while the main thread computes. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { IoOptions, ToIo, ToMain } from '../bridge.js';
import { Wire, WireError, type Envelope } from '../protocol/wire.js';
import { Backlog } from './backlog.js';
import { Conversation } from './conversation.js';
import { CellHistory } from './history.js';
import type { Incoming } from './incoming.js';
import { Interrupts } from './interrupts.js';
import { Outbox, Publisher } from './outbox.js';
import { Questions } from './questions.js';
import { Requests } from './requests.js';
import { bindSockets } from './sockets.js';

/** How long the main thread has to end by itself at shutdown. */
const GRACE_MS = 500;

async function serve(port: NonNullable<typeof parentPort>, options: IoOptions): Promise<void> {
  const { connection } = options;
  const sockets = await bindSockets(connection);
  const wire = new Wire(connection.key, connection.algorithm);
  const backlog = new Backlog(options.backlog);
  const outboxes = { shell: new Outbox(sockets.shell, wire), control: new Outbox(sockets.control, wire) };
  const stdin = new Outbox(sockets.stdin, wire);
  const publisher = new Publisher(new Outbox(sockets.iopub, wire), (characters) => backlog.remove(characters));
  const tell = (message: ToMain): void => port.postMessage(message);
  const history = new CellHistory(options.historyFile);
  const conversation = new Conversation(outboxes, publisher, (): Incoming | undefined => requests.running);
  const questions = new Questions(stdin, (id, value) => tell({ type: 'input', id, value }));
  const interrupts = new Interrupts(tell);
  const requests: Requests = new Requests({
    conversation,
    history,
    interrupts,
    tell,
    publish: ({ message }, type, content) => publisher.publish({ type, parent: message.header, content }),
    shutDown: () => void shutDown(),
  });

  let deadline: NodeJS.Timeout | undefined;
  async function shutDown(): Promise<void> {
    await Promise.all([publisher.sent(), ...[outboxes.shell, outboxes.control, stdin].map((outbox) => outbox.sent())]);
    // A cell that never gives way would keep the process alive.
    deadline = setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS);
    for (const socket of Object.values(sockets)) socket.close();
    tell({ type: 'exit' });
  }

  port.on('message', (message: ToIo) => {
    switch (message.type) {
      case 'interruptFlag':
        interrupts.flag = message.flag;
        return;
      case 'interrupted':
        return interrupts.taken();
      case 'publish': {
        const { type, parent, content, metadata, buffers } = message.message;
        requests.noteOutput(type, content);
        publisher.publish({ type, parent: parent ?? {}, content, metadata, buffers });
        return;
      }
      case 'ask': {
        const incoming = requests.find(message.id);
        if (incoming) questions.ask(incoming, message.prompt, message.password);
        return;
      }
      case 'goodbye':
        clearTimeout(deadline);
        port.close();
        return;
      case 'done':
        questions.forget(message.id);
        return requests.finish(message.id, message.content);
    }
  });

  /** Messages that are none are passed over; the reason is told where the kernel's log is. */
  const each = async (socket: AsyncIterable<Buffer[]>, receive: (envelope: Envelope) => void): Promise<void> => {
    for await (const frames of socket) {
      try {
        receive(wire.decode(frames));
      } catch (error) {
        log(error instanceof WireError ? `Ignored a message: ${error.message}.` : error);
      }
    }
  };
  let count = 0;
  const receiver = (channel: Incoming['channel']) => (envelope: Envelope) =>
    requests.receive({ id: ++count, channel, ...envelope });
  const echo = async (): Promise<void> => {
    for await (const beat of sockets.hb) await sockets.hb.send(beat);
  };

  /** A client that subscribes is told so: from then on it misses nothing. */
  const welcome = async (): Promise<void> => {
    for await (const [frame] of sockets.iopub) {
      if (frame?.[0] !== 1) continue;
      publisher.welcome(frame.subarray(1).toString());
    }
  };

  publisher.publish({ type: 'status', parent: {}, content: { execution_state: 'starting' } });
  await Promise.all([
    echo(),
    welcome(),
    each(sockets.control, receiver('control')),
    each(sockets.shell, receiver('shell')),
    each(sockets.stdin, (envelope) => questions.receive(envelope)),
  ]);
}

/** process.stderr of this thread goes through the main one, which may be busy. */
function log(what: unknown): void {
  const text = what instanceof Error ? (what.stack ?? what.message) : String(what);
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody reads the log (EAGAIN, EPIPE): that must not end the kernel.
  }
}

if (parentPort) await serve(parentPort, workerData as IoOptions);
