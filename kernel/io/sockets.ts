import { Reply, Router, XPublisher } from 'zeromq';
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
  for (const [channel, socket] of Object.entries(sockets))
    await socket.bind(addresses[channel as keyof typeof sockets]);
  return sockets;
}
