import { Reply, Router, XPublisher } from 'zeromq';
import { ConfigurationError, StrobeError } from '../../src/errors.js';
import type { Connection } from '../protocol/connection.js';

export type Sockets = Awaited<ReturnType<typeof bindSockets>>;

/** The five sockets of a kernel, bound to the addresses of the connection and nowhere else. */
export async function bindSockets({ addresses, curve }: Connection) {
  // A client that comes back with the identity it had takes over: gateways and servers reconnect that way.
  const router = { handover: true, linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 };
  const sockets = {
    shell: new Router(router),
    control: new Router(router),
    stdin: new Router(router),
    // A publisher drops what is above its mark, so there is none.
    // Subscriptions can be read from it.
    iopub: new XPublisher({ sendHighWaterMark: 0, linger: 500, verbosity: 'allSubs' }),
    hb: new Reply({ linger: 0 }),
  };
  for (const socket of Object.values(sockets)) {
    if (!curve) continue;
    socket.curveServer = true;
    socket.curvePublicKey = curve.publicKey;
    socket.curveSecretKey = curve.secretKey;
  }
  for (const [channel, socket] of Object.entries(sockets)) {
    const address = addresses[channel as keyof typeof sockets];
    await socket.bind(address).catch((cause: unknown) => {
      throw unbound(channel, address, cause);
    });
  }
  return sockets;
}

function unbound(channel: string, address: string, cause: unknown): ConfigurationError {
  const parts = {
    expected: `an address of this machine that nobody else listens at: ${address}`,
    received: cause instanceof Error ? cause.message : String(cause),
    hint: 'start the kernel again: its client then chooses other ports',
  };
  return new ConfigurationError(StrobeError.compose(`The socket ${channel} cannot listen.`, parts), { cause });
}
