// A node whose kubelet only forwards ports, for tests of what speaks to it through the API server.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from './apiserver.ts';
import { makeNode } from './kubelet.ts';

/** A connection to a port of a pod, after both channels have said the port. */
export interface ForwardedPort {
  readonly pod: string;
  readonly port: number;
  readonly socket: WebSocket;
  /** Sends bytes of the port. */
  readonly send: (bytes: Uint8Array | string) => void;
  /** Says what went wrong, as a kubelet does where nothing listens. */
  readonly refuse: (reason: string) => void;
}

/** A node that the API server knows. */
export interface ForwardNode {
  stop(): Promise<void>;
}

const message = (channel: number, bytes: Uint8Array) => Buffer.concat([Buffer.of(channel), bytes]);

/** Makes a node of the cluster. The heads of both channels are sent with the answer to the handshake. */
export async function startForwardNode(
  server: ApiServer,
  name: string,
  onForward: (forwarded: ForwardedPort) => void,
): Promise<ForwardNode> {
  const read = (file: string) => readFile(join(server.folder, 'certs', file));
  const [cert, key] = await Promise.all([read('apiserver.crt'), read('apiserver.key')]);
  const kubelet = createServer({ cert, key });
  const sockets = new WebSocketServer({ server: kubelet, handleProtocols: (offered) => [...offered][0] ?? false });
  sockets.on('connection', (socket, request) => {
    const url = new URL(request.url ?? '', 'https://kubelet');
    const port = Number(url.searchParams.get('ports') ?? url.searchParams.get('port'));
    const head = Buffer.alloc(2);
    head.writeUInt16LE(port);
    for (const channel of [0, 1]) socket.send(message(channel, head));
    onForward({
      pod: url.pathname.split('/')[3] ?? '',
      port,
      socket,
      send: (bytes) => socket.send(message(0, Buffer.from(bytes as Uint8Array))),
      refuse: (reason) => socket.send(message(1, Buffer.from(reason))),
    });
  });
  await new Promise<void>((done) => kubelet.listen(0, '127.0.0.1', done));
  await makeNode(server, name, (kubelet.address() as { port: number }).port);
  return {
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      kubelet.closeAllConnections();
      await new Promise((done) => kubelet.close(done));
    },
  };
}
