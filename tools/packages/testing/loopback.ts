// A server of the loopback for tests of fetching: answers by path, records what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request; `count` is how many of this path came before. */
export type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A running server; it ends with its scope. */
export interface Loopback extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** `<path>` of each request, followed by ` <range>` where one was asked for. */
  readonly asked: readonly string[];
}

/** Starts a server. A string or bytes are answered as they are, with ranges; what has no answer is 404. */
export async function startLoopback(
  answers: Readonly<Record<string, string | Uint8Array | Answer>>,
): Promise<Loopback> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const count = asked.filter((one) => one.split(' ')[0] === path).length;
    asked.push([path, request.headers.range].filter((word) => word !== undefined).join(' '));
    const answer = answers[path];
    if (typeof answer === 'function') return answer(request, response, count);
    if (answer === undefined) return void response.writeHead(404).end();
    sendBytes(request, response, Buffer.from(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends a file, from where a range begins. */
export function sendBytes(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start === 0) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  if (start >= bytes.length) return void response.writeHead(416).end();
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(206, { 'content-range': range, 'content-length': bytes.length - start });
  response.end(bytes.subarray(start));
}
