// An HTTP proxy on loopback, for what goes through one: it leads names that no DNS knows to ports of this machine.
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';

export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What was asked for: `CONNECT host:port`, `GET http://host/path`. */
  readonly seen: string[];
}

/** Starts a proxy on a free port; a `host:port` that `ports` does not have is refused. It ends with its scope. */
export async function startConnectProxy(ports: Readonly<Record<string, number>>): Promise<ConnectProxy> {
  const seen: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const url = new URL(request.url ?? '');
    const port = ports[`${url.hostname}:${url.port === '' ? 80 : url.port}`];
    if (port === undefined) return response.writeHead(502).end();
    const { method, headers } = request;
    const to = { host: '127.0.0.1', port, method, headers, path: `${url.pathname}${url.search}` };
    const outgoing = httpRequest(to, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    request.pipe(outgoing);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('connect', (request, socket: Socket, head) => {
    seen.push(`CONNECT ${request.url}`);
    const port = ports[request.url ?? ''];
    if (port === undefined) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const [one, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
