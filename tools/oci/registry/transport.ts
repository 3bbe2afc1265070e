// One HTTP request to a registry, over connections that are kept open. Knows nothing of what the requests mean.
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { RegistryConnectionError, RegistryStatusError, retryReason } from './errors.ts';
import { checkEndpoint } from './reference.ts';

export type Method = 'HEAD' | 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** What is asked. */
export interface RegistryRequest {
  /** For messages: a participle and its object. */
  readonly doing: string;
  readonly method: Method;
  /** `/v2/…`, or a URL that the registry gave. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each try. Default: no body. */
  readonly body?: () => AsyncIterable<Buffer>;
  /** Of the body, in bytes. */
  readonly bodySize?: number;
  /** The statuses that are no error. */
  readonly allowed: readonly number[];
  /** Whether a failed try may be repeated with the same URL. Default: true. */
  readonly isRepeatable?: boolean;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The absolute URL of the Location header. */
  readonly location: URL | undefined;
}

export interface TransportOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly plainHttp: boolean;
  readonly signal: AbortSignal;
  /** Connections at most. Default: 8. */
  readonly maxConnections?: number;
  /** How long a connection may be silent, in milliseconds. Default: 30 000. */
  readonly idleMs?: number;
  /** No new try later than this after the first, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
  /** Headers that identify the caller, asked for before each try. Default: none. (Where token auth plugs in.) */
  readonly authorize?: (request: RegistryRequest) => Promise<Readonly<Record<string, string>>>;
}

/** Connections to one registry. */
export interface Transport {
  readonly endpoint: string;
  /** Sends a request, with retries. Throws RegistryStatusError, RegistryConnectionError, OCI_REDIRECT_REFUSED. */
  send(request: RegistryRequest): Promise<RegistryResponse>;
  /** The requests that were sent, by method. */
  readonly counts: Readonly<Record<string, number>>;
  close(): void;
}

/** Error bodies are read up to this. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Opens a transport; nothing is sent yet. Throws OCI_REFERENCE_INVALID for a bad endpoint. */
export function createTransport(options: TransportOptions): Transport {
  const { endpoint, plainHttp, signal, maxConnections = 8, idleMs = 30_000, retryDeadlineMs = 30_000 } = options;
  const base = new URL(`${plainHttp ? 'http' : 'https'}://${checkEndpoint(endpoint)}`);
  const agentOptions = { keepAlive: true, maxSockets: maxConnections };
  const agent = plainHttp ? new HttpAgent(agentOptions) : new HttpsAgent(agentOptions);
  const counts: Record<string, number> = {};

  const sendOnce = async (request: RegistryRequest): Promise<RegistryResponse> => {
    const url = new URL(request.url, base);
    const extra = (await options.authorize?.(request)) ?? {};
    const length = request.bodySize === undefined ? {} : { 'content-length': String(request.bodySize) };
    counts[request.method] = (counts[request.method] ?? 0) + 1;
    let response: IncomingMessage;
    let body: Buffer;
    try {
      response = await exchange(url, request, { 'user-agent': 'fathom', ...length, ...request.headers, ...extra });
      body = await readBody(response);
    } catch (error) {
      if (error instanceof ToolError) throw error;
      if (signal.aborted) throw signal.reason;
      throw new RegistryConnectionError({ doing: request.doing, endpoint: url.host, cause: error });
    }
    const status = response.statusCode ?? 0;
    if (!request.allowed.includes(status)) {
      const retryAfterMs = parseRetryAfter(response.headers['retry-after']);
      throw new RegistryStatusError({ doing: request.doing, status, body: body.toString('utf8'), retryAfterMs });
    }
    const location = response.headers.location;
    return {
      status,
      headers: response.headers,
      body,
      location: location === undefined ? undefined : resolveLocation(url, location, request.doing),
    };
  };

  const exchange = (url: URL, request: RegistryRequest, headers: Record<string, string>): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
      const outgoing = send(url, {
        method: request.method,
        headers,
        signal,
        ...(url.host === base.host ? { agent } : {}),
      });
      outgoing.setTimeout(idleMs, () => outgoing.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })));
      let answered = false;
      outgoing.on('response', (response) => {
        answered = true;
        resolve(response);
      });
      outgoing.on('error', reject);
      if (request.body === undefined) {
        outgoing.end();
        return;
      }
      // An answer before the end of the body (a rejection) counts, not that the body could not be sent.
      pipeline(request.body(), outgoing).catch((error: unknown) => {
        if (!answered) setImmediate(() => reject(error));
      });
    });

  return {
    endpoint,
    counts,
    send: (request) => {
      if (request.isRepeatable === false) return sendOnce(request);
      return retry(() => sendOnce(request), { signal, reason: retryReason, deadlineMs: retryDeadlineMs });
    },
    close: () => agent.destroy(),
  };
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      response.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/**
 * A Location header, absolute. Another host is only followed over https and where its name is no address of a
 * private network: a registry must not make us write to our own machine.
 */
export function resolveLocation(from: URL, location: string, doing: string): URL {
  const to = URL.parse(location, from);
  if (to !== null && to.host === from.host && to.protocol === from.protocol) return to;
  if (to !== null && to.protocol === 'https:' && !isPrivateHost(to.hostname)) return to;
  throw new ToolError(
    'OCI_REDIRECT_REFUSED',
    `${doing}: the registry sends us to ${to?.origin ?? 'no valid address'}`,
    {
      hint: 'Configure the registry to answer with relative locations or with its own address.',
    },
  );
}

function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (isIP(name) === 4) return /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(name);
  return isIP(name) === 6 && /^(::|f[cd]|fe[89ab])/i.test(name);
}
