// Metrics over HTTP, where Prometheus asks for them, and health as well: probes of Kubernetes speak gRPC without TLS only.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';

// An import of node:http reads all that it exports, its WebSocket among it, for which node loads undici: a fifteenth of a
// server's start. Until node's modules no longer read such getters: https://github.com/nodejs/node/blob/main/lib/http.js
const { createServer } = process.getBuiltinModule('node:http');

/** Options of {@link startMetricsServer}. */
export interface MetricsServerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly metrics: Metrics;
  /** What `/readyz` answers by. Default: always ready. */
  readonly isReady?: () => boolean;
  readonly log: Logger;
}

/** A server that listens. */
export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 50;

/** Answers GET of /metrics, /livez and /readyz; fails with the system's error where it can't listen. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { metrics, log } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 8192 }, (request, response) => {
    const answer = (code: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(code, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : text);
    };
    const [path] = (request.url ?? '').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'Only GET and HEAD are answered\n');
    else if (path === '/livez') answer(200, 'alive\n');
    else if (path === '/readyz') {
      const isReady = options.isReady?.() ?? true;
      answer(isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready\n');
    } else if (path !== '/metrics') answer(404, 'There are /metrics, /livez and /readyz\n');
    else {
      metrics.metrics().then(
        (text) => answer(200, text, metrics.contentType),
        (error: unknown) => {
          log.error({ err: error }, 'collecting metrics failed');
          answer(500, 'Collecting metrics failed, see the log\n');
        },
      );
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Without a host node listens at 0.0.0.0 where there is no IPv6.
  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { port, close };
}
