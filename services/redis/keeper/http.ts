// What a keeper answers to the kubelet and to Prometheus.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../kit/index.ts';

/** Status and text of an answer. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Default: text/plain. */
  readonly contentType?: string;
}

/** A server that listens. */
export interface HttpServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Options of {@link serveHttp}. */
export interface HttpOptions {
  readonly port: number;
  /** Path → how it is answered. */
  readonly routes: Readonly<Record<string, () => Promise<Answer>>>;
  readonly log: Logger;
}

/** Answers GET of `routes`, and 404 to all else. */
export async function serveHttp({ port, routes, log }: HttpOptions): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const route = request.method === 'GET' && Object.hasOwn(routes, path) ? routes[path] : undefined;
    const answer = route?.() ?? Promise.resolve<Answer>({ status: 404, text: 'not found' });
    // It can't fail: what fails is answered.
    void answer
      .catch((error: unknown): Answer => {
        log.error({ err: error, path }, 'answering failed');
        return { status: 500, text: 'an internal error, see the log' };
      })
      .then(({ status, text, contentType = 'text/plain; charset=utf-8' }) => {
        response.writeHead(status, { 'content-type': contentType }).end(`${text}\n`);
      });
  });
  server.listen(port);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
