// A proxy before a registry, which does to some requests what networks and overloaded servers do.
import { type IncomingMessage, type ServerResponse, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What can happen to a request. */
export const FAULTS = [
  /** The connection breaks in the midst of the request's body. */
  'drop-request',
  /** The registry has done what was asked, and the answer is lost. */
  'drop-answer',
  /** The answer's body ends too early. */
  'truncate',
  /** Too many requests, with Retry-After. */
  '429',
  '500',
  '503',
  /** Not the registry's answer, but a login is wanted; who has a token gets another one. */
  '401',
  /** To another path of the same place. */
  'redirect',
] as const;

/**
 * `refuse`: 405, as a registry answers that does not know the method. `late`: the answer comes late. `504`: a gateway does
 * not wait for it, and what was asked is done later.
 */
export type FaultKind = (typeof FAULTS)[number] | 'refuse' | 'late' | '504';

/** How much later: a third of it is still a silence that no busy machine makes by itself. */
export const LATE_MS = 3000;

export interface FaultProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** What happened to which request. */
  readonly log: string[];
}

export interface FaultProxyOptions {
  /** The registry. */
  readonly upstream: string;
  /** What happens to a request; undefined: it passes. */
  readonly choose: (request: { readonly method: string; readonly path: string }) => FaultKind | undefined;
  /** The WWW-Authenticate of a 401. Default: none. */
  readonly challenge?: string;
}

/** The path to which redirects lead; what is behind it is the path meant. */
const DETOUR = '/detour';

/** Starts a proxy on a free port. It ends with its scope. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const log: string[] = [];
  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const path = request.url ?? '/';
    const seen = { method: request.method ?? '', path };
    const fault = path.startsWith(DETOUR) ? undefined : options.choose(seen);
    if (fault !== undefined) log.push(`${fault}: ${seen.method} ${path}`);
    serve(request, response, { ...options, fault });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: FaultProxyOptions & { readonly fault: FaultKind | undefined },
): void {
  const { fault } = options;
  const refuse = (status: number, headers: Record<string, string> = {}) => {
    request.resume();
    response.writeHead(status, headers).end(JSON.stringify({ errors: [{ code: 'PLANTED', message: 'by the proxy' }] }));
  };
  if (fault === '429') return refuse(429, { 'retry-after': '0.01' });
  if (fault === 'refuse') return refuse(405);
  if (fault === '500' || fault === '503') return refuse(Number(fault));
  if (fault === '401')
    return refuse(401, options.challenge === undefined ? {} : { 'www-authenticate': options.challenge });
  if (fault === 'redirect') return refuse(307, { location: `${DETOUR}${request.url}` });
  if (fault === '504') {
    refuse(504);
    setTimeout(() => forward(request, response, { ...options, isHeard: false }), LATE_MS);
    return;
  }
  forward(request, response, { ...options, isHeard: true });
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  options: FaultProxyOptions & { readonly fault: FaultKind | undefined; readonly isHeard: boolean },
): void {
  const { fault } = options;
  const path = (request.url ?? '/').replace(new RegExp(`^${DETOUR}`), '');
  const [host = '', port] = options.upstream.split(':');
  const { method, headers } = request;
  const upstream = httpRequest({ host, port, path, method, headers, agent: false }, (answer) => {
    if (fault === 'drop-answer') {
      answer.resume();
      answer.on('end', () => request.socket.resetAndDestroy());
      return;
    }
    if (!options.isHeard) return void answer.resume();
    if (fault === 'late') {
      setTimeout(() => answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)), LATE_MS);
      return;
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault !== 'truncate') {
      answer.pipe(response);
      return;
    }
    answer.once('data', (chunk: Buffer) => {
      response.write(chunk.subarray(0, chunk.length / 2));
      request.socket.destroySoon();
    });
    answer.on('end', () => response.end());
  });
  upstream.on('error', () => request.socket.destroy());
  if (fault !== 'drop-request') {
    request.pipe(upstream);
    return;
  }
  let passed = 0;
  request.on('data', (chunk: Buffer) => {
    // Half of the first chunk reaches the registry.
    if (passed === 0) upstream.write(chunk.subarray(0, chunk.length / 2));
    passed += chunk.length;
    setImmediate(() => {
      upstream.destroy();
      request.socket.resetAndDestroy();
    });
  });
  request.on('end', () => request.socket.resetAndDestroy());
}
