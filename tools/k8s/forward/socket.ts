// A WebSocket to the API server, as port-forward and exec speak over it.
import type { Agent } from 'node:http';
import { WebSocket } from 'ws';
import { http, https } from '../../lib/http.ts';
import { viaProxy } from '../../lib/proxy.ts';
import type { RetryReason } from '../../lib/retry.ts';
import { authorized } from '../kube/authorizer.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Authorization } from '../kube/credentials.ts';
import { KubeConnectionError, KubeStatusError, isNotFound, retryReason } from '../kube/errors.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Answers to a refused handshake are short. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Options of {@link openSocket}. */
export interface SocketOptions {
  /** Path and query, with leading slash. */
  readonly path: string;
  readonly protocol: string;
  /** What is being done, for errors. */
  readonly doing: string;
  /** Ends the handshake; whoever has the socket ends that. */
  readonly signal: AbortSignal;
}

/** Opens a WebSocket; paused, so that no message is lost before somebody listens. Throws KubeStatusError and KubeConnectionError. */
export function openSocket(client: KubeClient, options: SocketOptions): Promise<WebSocket> {
  return authorized(client.authorizer, (authorization) => handshake(client, options, authorization));
}

function handshake(
  client: KubeClient,
  { path, protocol, doing, signal }: SocketOptions,
  { header, cert, key }: Authorization,
): Promise<WebSocket> {
  const { access, proxy } = client;
  const url = `${access.server.replace(/^http/, 'ws').replace(/\/$/, '')}${path}`;
  const socket = new WebSocket(url, [protocol], {
    ...access.tls,
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(proxy === undefined ? {} : { agent: agentBy(access.server, proxy) }),
    headers: { ...access.impersonation, ...(header === undefined ? {} : { authorization: header }) },
    perMessageDeflate: false,
  });
  const where = { server: access.server, context: access.context, proxy, isKnown: true };
  return new Promise((resolve, reject) => {
    let isLate = false;
    const abort = () => socket.terminate();
    const timer = setTimeout(() => {
      isLate = true;
      abort();
    }, HANDSHAKE_TIMEOUT_MS);
    signal.addEventListener('abort', abort, { once: true });
    const settled = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    socket.once('open', () => {
      settled();
      client.authorizer.accepted();
      // Messages may have come with the answer: they wait for whoever listens.
      socket.pause();
      // From here on errors end the connection: nobody waits for this promise any more.
      socket.on('error', () => socket.terminate());
      resolve(socket);
    });
    socket.once('error', (error) => {
      settled();
      const cause = isLate
        ? Object.assign(new Error('no answer in time', { cause: error }), { code: 'ETIMEDOUT' })
        : error;
      reject(signal.aborted ? signal.reason : new KubeConnectionError(doing, { ...where, cause }));
    });
    socket.once('unexpected-response', (request, response) => {
      if (response.statusCode !== 401) client.authorizer.accepted();
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => {
        if (chunks.reduce((sum, { length }) => sum + length, 0) < MAX_ERROR_BYTES) chunks.push(chunk);
      });
      response.once('close', () => {
        settled();
        request.destroy();
        const body = Buffer.concat(chunks).toString('utf8');
        reject(new KubeStatusError(doing, { status: response.statusCode ?? 0, body }));
      });
    });
  });
}

/** Of one connection: what is switched over to another protocol is no agent's any more. */
function agentBy(server: string, proxy: string): Agent {
  return new (server.startsWith('http:') ? http : https).Agent(viaProxy(proxy));
}

/** Whether another handshake may help: a pod may have gone since it was listed, or its node not know it yet. */
export function handshakeReason(error: unknown): RetryReason | undefined {
  if (isNotFound(error) || (error instanceof KubeStatusError && error.status >= 500)) return {};
  return retryReason(error);
}
