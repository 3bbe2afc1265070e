// A node whose kubelet only runs programs in pods, for tests of what speaks to it through the API server.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ApiServer } from './apiserver.ts';
import { makeNode } from './kubelet.ts';

/** A program that is to be run. */
export interface ExecCall {
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly socket: WebSocket;
  readonly print: (bytes: Uint8Array | string, channel?: 'stdout' | 'stderr') => void;
  /** Says how it ended, as a kubelet does, and closes the connection. */
  readonly exit: (code: number) => void;
}

/** A node that the API server knows. */
export interface ExecNode {
  /** Refuses so many handshakes, as a node does that does not know a pod yet. */
  refuse(count: number): void;
  stop(): Promise<void>;
}

const CHANNELS = { stdout: 1, stderr: 2, status: 3 } as const;

/** Makes a node of the cluster. */
export async function startExecNode(
  server: ApiServer,
  name: string,
  onExec: (call: ExecCall) => void,
): Promise<ExecNode> {
  const read = (file: string) => readFile(join(server.folder, 'certs', file));
  const [cert, key] = await Promise.all([read('apiserver.crt'), read('apiserver.key')]);
  const kubelet = createServer({ cert, key });
  let refusals = 0;
  const sockets = new WebSocketServer({
    server: kubelet,
    handleProtocols: (offered) => [...offered][0] ?? false,
    verifyClient: (_info: unknown, done: (isAllowed: boolean, status?: number) => void) =>
      refusals-- > 0 ? done(false, 500) : done(true),
  });
  sockets.on('connection', (socket, request) => {
    const url = new URL(request.url ?? '', 'https://kubelet');
    const [, , , pod = '', container = ''] = url.pathname.split('/');
    const send = (channel: keyof typeof CHANNELS, bytes: Uint8Array | string) =>
      socket.send(Buffer.concat([Buffer.of(CHANNELS[channel]), Buffer.from(bytes as Uint8Array)]));
    onExec({
      ...{ pod, container, command: url.searchParams.getAll('command'), socket },
      print: (bytes, channel = 'stdout') => send(channel, bytes),
      exit: (code) => {
        const causes = [{ reason: 'ExitCode', message: `${code}` }];
        const failure = { status: 'Failure', reason: 'NonZeroExitCode', message: 'it failed', details: { causes } };
        send('status', JSON.stringify(code === 0 ? { status: 'Success' } : failure));
        socket.close();
      },
    });
  });
  await new Promise<void>((done) => kubelet.listen(0, '127.0.0.1', done));
  await makeNode(server, name, (kubelet.address() as { port: number }).port);
  return {
    refuse: (count) => void (refusals = count),
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      kubelet.closeAllConnections();
      await new Promise((done) => kubelet.close(done));
    },
  };
}
