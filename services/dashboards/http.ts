// The HTTP server: GET and HEAD of known paths, for browsers that called it by a name of its own.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzip } from 'node:zlib';
import type { Logger } from '../kit/index.ts';
import type { Assets } from './assets.ts';

/** What is asked of an API route. */
export interface ApiRequest {
  /** Parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Aborted where nobody waits any more. */
  readonly signal: AbortSignal;
}

/** A value that is sent as JSON, or a stream of events. */
export type ApiAnswer =
  | { readonly status: number; readonly json: unknown }
  | { readonly subscribe: (send: (event: string) => void) => () => void };

export interface HttpOptions {
  readonly port: number;
  /** Default: all interfaces. */
  readonly host?: string;
  readonly assets: Assets;
  /** Names by which it may be called, beside addresses and names of Services. */
  readonly hosts: readonly string[];
  /** Answers a path below `/api/`; undefined where there is no such. `route` is its name in metrics. */
  readonly api: (request: ApiRequest) => Promise<ApiAnswer | undefined>;
  readonly log: Logger;
  /** Told of each answer. Default: nothing. */
  readonly onAnswer?: (route: string, status: number, seconds: number) => void;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no more, lets what runs end for so long, then ends it. */
  stop(drainMs: number): Promise<void>;
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const MAX_CONNECTIONS = 500;
const MAX_STREAMS = 200;
const HEARTBEAT_MS = 15_000;
/** A browser that reads no faster than that gets a new stream when it does again. */
const MAX_UNREAD_BYTES = 65_536;
/** Smaller answers are not worth compressing. */
const COMPRESSED_FROM = 1024;

/** Listens; fails with the system's error where it can't. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const streams = new Set<ServerResponse>();
  const ending = new AbortController();
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    const startMs = performance.now();
    const route = { name: 'none' };
    response.on('close', () =>
      options.onAnswer?.(route.name, response.statusCode, (performance.now() - startMs) / 1000),
    );
    answer(request, response, { ...options, streams, ending: ending.signal, route }).catch((error: unknown) => {
      if (response.destroyed) return;
      options.log.error({ err: error, path: request.url }, 'answering failed');
      if (response.headersSent) response.destroy();
      else
        sendJson(request, response, 500, { error: 'An internal error: the log of the server tells more' }).catch(() =>
          response.destroy(),
        );
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Without a host node listens at 0.0.0.0 where there is no IPv6.
  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async (drainMs) => {
      ending.abort(new Error('the server ends'));
      const closed = once(server, 'close');
      server.close();
      for (const stream of streams) stream.end();
      server.closeIdleConnections();
      const isDrained = await Promise.race([closed.then(() => true), sleep(drainMs, false, { ref: false })]);
      if (!isDrained) server.closeAllConnections();
      await closed;
    },
  };
}

interface Context extends HttpOptions {
  readonly streams: Set<ServerResponse>;
  readonly ending: AbortSignal;
  readonly route: { name: string };
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (context.ending.aborted) response.setHeader('connection', 'close');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendJson(request, response, 405, { error: 'Only GET and HEAD are answered' });
  }
  if (!isOwnHost(request.headers.host, context.hosts)) {
    const error = `It is not called ${request.headers.host ?? '(nothing)'}: ALLOWED_HOSTS may name it`;
    return sendJson(request, response, 421, { error });
  }
  const url = URL.parse(request.url ?? '', 'http://self');
  if (url === null) return sendJson(request, response, 400, { error: 'The address can not be read' });
  const asset = context.assets.get(url.pathname);
  if (asset !== undefined) {
    context.route.name = 'page';
    response.setHeader('etag', asset.etag);
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('vary', 'accept-encoding');
    if (request.headers['if-none-match'] === asset.etag) return void response.writeHead(304).end();
    response.setHeader('content-type', asset.type);
    const isSmall = accepts(request, 'br');
    if (isSmall) response.setHeader('content-encoding', 'br');
    const body = isSmall ? asset.brotli : asset.body;
    response.setHeader('content-length', body.length);
    return void response.writeHead(200).end(request.method === 'HEAD' ? undefined : body);
  }
  const path = partsOf(url.pathname);
  if (path?.[0] !== 'api') return sendJson(request, response, 404, { error: 'There is no such page' });
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('nobody waits for the answer')));
  const found = await context.api({ path: path.slice(1), query: url.searchParams, signal: gone.signal });
  if (found === undefined) return sendJson(request, response, 404, { error: 'There is no such answer' });
  context.route.name = path[4] ?? path[1] ?? 'none';
  if ('json' in found) return sendJson(request, response, found.status, found.json);
  return sendEvents(request, response, found.subscribe, context);
}

async function sendEvents(
  request: IncomingMessage,
  response: ServerResponse,
  subscribe: (send: (event: string) => void) => () => void,
  { streams }: Context,
): Promise<void> {
  if (streams.size >= MAX_STREAMS) return sendJson(request, response, 503, { error: 'Too many pages are open' });
  // An answer that waits for the one before it on its connection is not told when that closes, and would have its place
  // for good.
  if (response.socket === null) {
    return sendJson(request, response, 400, { error: 'A stream of events must be the first question that is open' });
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  if (request.method === 'HEAD') return void response.end();
  streams.add(response);
  const send = (text: string) => {
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
    else response.write(text);
  };
  send('retry: 2000\n\n');
  const timer = setInterval(() => send(': alive\n\n'), HEARTBEAT_MS);
  const end = subscribe((event) => send(`event: ${event}\ndata: {}\n\n`));
  try {
    // Fails where something is sent while the server ends the stream.
    await once(response, 'close');
  } finally {
    clearInterval(timer);
    end();
    streams.delete(response);
  }
}

async function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  value: unknown,
): Promise<void> {
  let body: Buffer = Buffer.from(JSON.stringify(value));
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  if (body.length >= COMPRESSED_FROM && accepts(request, 'gzip')) {
    const plain = body;
    body = await new Promise<Buffer>((resolve, reject) =>
      gzip(plain, { level: 4 }, (error, result) => (error === null ? resolve(result) : reject(error))),
    );
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('vary', 'accept-encoding');
  }
  response.setHeader('content-length', body.length);
  response.writeHead(status).end(request.method === 'HEAD' ? undefined : body);
}

function accepts(request: IncomingMessage, encoding: string): boolean {
  return String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .some((word) => word.trim() === encoding);
}

function partsOf(path: string): readonly string[] | undefined {
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/**
 * Whether a browser meant this server. A page of another site may have its name lead here (DNS rebinding), and would
 * then read all answers; such a name has dots, and is none of ours.
 */
function isOwnHost(header: string | undefined, hosts: readonly string[]): boolean {
  const name = URL.parse(`http://${header ?? ''}`)?.hostname ?? '';
  if (name === '') return false;
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true;
  return !name.includes('.') || /\.svc(\.cluster\.local)?$/.test(name) || hosts.includes(name);
}
