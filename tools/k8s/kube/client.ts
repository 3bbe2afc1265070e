// A thin client of the Kubernetes API over kept-alive connections: JSON in and out, typed errors, retries.
import type { IncomingMessage } from 'node:http';
import { http, https } from '../../lib/http.ts';
import { proxyFor, viaProxy } from '../../lib/proxy.ts';
import { retry } from '../../lib/retry.ts';
import { trustSystem } from '../../lib/system_ca.ts';
import { type Authorizer, authorized, createAuthorizer } from './authorizer.ts';
import type { Authorization } from './credentials.ts';
import { APPLY_PATCH, KubeConnectionError, KubeStatusError, isStale, retryReason } from './errors.ts';
import type { ClusterAccess } from './kubeconfig.ts';

/** A request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with leading slash, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Default: application/json. */
  readonly contentType?: string;
  /** Default: application/json. */
  readonly accept?: string;
  /** What is being done, for errors: `Applying Deployment prod/server`. */
  readonly doing: string;
  /** Whether a repetition does no harm. Default: all but POST. */
  readonly isIdempotent?: boolean;
  /** Ends the request. Default: the client's signal. */
  readonly signal?: AbortSignal;
  /** Whether an exchange that has begun is finished although the signal is aborted. Default: false. */
  readonly isFinished?: boolean;
}

/** A connection to one API server. */
export interface KubeClient {
  readonly access: ClusterAccess;
  /** The URL of the proxy that leads to the server. Undefined: none. */
  readonly proxy: string | undefined;
  /** Who requests are from, for connections of another kind. */
  readonly authorizer: Authorizer;
  /** Requests sent, by method. */
  readonly counts: Readonly<Record<string, number>>;
  /** The server's clock, in milliseconds as Date counts: as of its last answer; before one, this machine's. */
  nowMs(): number;
  /** The parsed answer. Throws KubeStatusError and KubeConnectionError. */
  request(request: KubeRequest): Promise<unknown>;
  /** The answer as text, for logs. */
  requestText(request: KubeRequest): Promise<string>;
  /** The answer as it comes, without an end of its own: sent once, no retry, no time limit. Outside of the pool. */
  stream(request: KubeRequest): Promise<AsyncIterable<Buffer>>;
  close(): void;
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  readonly signal: AbortSignal;
  /** Connections at once. Default: 16. */
  readonly maxConnections?: number;
  /** How long a connection may take to be made, in milliseconds. Default: 10 000. */
  readonly connectTimeoutMs?: number;
  /** How long one answer may take, in milliseconds. Default: 35 000 (the server's own limit is 34 s). */
  readonly requestTimeoutMs?: number;
  /**
   * How long failed requests are repeated, in milliseconds. Default: twice requestTimeoutMs, so that one that got no answer
   * is repeated as well.
   */
  readonly retryDeadlineMs?: number;
  /** After how long a token that is in a file is read again, in milliseconds. Default: 60 000. */
  readonly tokenFileMs?: number;
  /** Where the proxies are. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called before a request is repeated. Default: nothing. */
  readonly onRetry?: (error: unknown, waitMs: number) => void;
}

const USER_AGENT = 'fathom';

/** Tries of one request: what fails at once is given up after so many, about 20 s; what gets no answer, by the deadline. */
const ATTEMPTS = 10;
/** Tries of an apply whose answer may say that it does not fit the schema: the same words each time say that it does not. */
const SCHEMA_ATTEMPTS = 3;

/** Connects lazily: the first request opens the first connection. Throws PROXY_UNSUPPORTED. */
export function createClient(access: ClusterAccess, options: ClientOptions): KubeClient {
  const { signal, maxConnections = 16, tokenFileMs = 60_000 } = options;
  const { connectTimeoutMs = 10_000, requestTimeoutMs = 35_000, retryDeadlineMs = 2 * requestTimeoutMs } = options;
  // The kubelet writes a new token long before the old one ends; others who keep one in a file do likewise.
  const authorizer = createAuthorizer(access, { signal, tokenFileMs });
  const url = new URL(access.server);
  const transport = url.protocol === 'http:' ? http : https;
  const named = access.proxy ?? proxyFor(url, options.env ?? process.env);
  const proxy = named === 'none' ? undefined : named;
  // With an authority of its own, a cluster is known by that alone.
  if (url.protocol === 'https:' && access.tls.ca === undefined) trustSystem();
  const pool = { keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' } as const;
  const agent = new transport.Agent({ ...pool, ...viaProxy(proxy) });
  const unpooled = new transport.Agent(viaProxy(proxy));
  const counts: Record<string, number> = {};
  // A server that has answered before and refuses now is being started again.
  let hasAnswered = false;
  let clock: { readonly serverMs: number; readonly atMs: number } | undefined;

  const failure = (request: KubeRequest, cause: unknown): unknown =>
    (request.signal ?? signal).aborted
      ? (request.signal ?? signal).reason
      : new KubeConnectionError(request.doing, {
          server: access.server,
          context: access.context,
          proxy,
          cause,
          isKnown: hasAnswered,
        });

  /** Sends a request; resolves with an answer of success before its body is there. A 401 is answered by a new login, once. */
  const open = (request: KubeRequest, isPooled: boolean): Promise<IncomingMessage> =>
    authorized(authorizer, (authorization) => openAs(authorization, request, isPooled));

  const openAs = async (
    { header, cert, key }: Authorization,
    request: KubeRequest,
    isPooled: boolean,
  ): Promise<IncomingMessage> => {
    const query = Object.entries(request.query ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query).toString()}`;
    const body = request.body === undefined ? undefined : Buffer.from(encodeBody(request.body));
    counts[request.method] = (counts[request.method] ?? 0) + 1;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = transport.request(
        {
          agent: isPooled ? agent : unpooled,
          ...(request.isFinished === true ? {} : { signal: request.signal ?? signal }),
          method: request.method,
          hostname: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port === '' ? undefined : Number(url.port),
          timeout: connectTimeoutMs,
          path: `${url.pathname.replace(/\/$/, '')}${request.path}${search}`,
          headers: {
            accept: request.accept ?? 'application/json',
            'user-agent': USER_AGENT,
            ...access.impersonation,
            ...(header === undefined ? {} : { authorization: header }),
            ...(body === undefined
              ? {}
              : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
          },
          ...access.tls,
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
        },
        (response) => {
          hasAnswered = true;
          const serverMs = Date.parse(response.headers.date ?? '');
          if (!Number.isNaN(serverMs)) clock = { serverMs, atMs: performance.now() };
          const status = response.statusCode ?? 0;
          if (status !== 401) authorizer.accepted();
          if (status >= 200 && status < 300) return resolve(response);
          const retryAfter = response.headers['retry-after'];
          readAll(response).then(
            (text) =>
              reject(
                new KubeStatusError(request.doing, {
                  status,
                  body: text,
                  isApply: request.contentType === APPLY_PATCH,
                  ...(retryAfter === undefined ? {} : { retryAfter }),
                }),
              ),
            (error: unknown) => reject(failure(request, error)),
          );
        },
      );
      // From when it is connected, in place of the time that connecting may take; 0 is no limit.
      outgoing.setTimeout(isPooled ? requestTimeoutMs : 0, () =>
        outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      );
      outgoing.on('error', (error) => reject(failure(request, error)));
      outgoing.end(body);
    });
  };

  const sendRetrying = <T>(request: KubeRequest, parse: (text: string) => T): Promise<T> => {
    let schemaAnswers = 0;
    return retry(
      async () => {
        const response = await open(request, true);
        try {
          return parse(await readAll(response));
        } catch (error) {
          throw failure(request, error);
        }
      },
      {
        signal: request.signal ?? signal,
        attempts: ATTEMPTS,
        deadlineMs: retryDeadlineMs,
        reason: (error) => {
          if (!(request.isIdempotent ?? request.method !== 'POST')) return undefined;
          if (error instanceof KubeStatusError && error.isSchema) {
            return ++schemaAnswers < SCHEMA_ATTEMPTS ? {} : undefined;
          }
          // A patch says what it wants, whatever the version: the server only has to read the object again.
          return request.method === 'PATCH' && isStale(error) ? {} : retryReason(error);
        },
        ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
      },
    );
  };

  return {
    access,
    proxy,
    authorizer,
    counts,
    nowMs: () => (clock === undefined ? Date.now() : clock.serverMs + performance.now() - clock.atMs),
    request: (request) => sendRetrying(request, parseAnswer),
    requestText: (request) => sendRetrying(request, (text) => text),
    stream: (request) => open(request, false),
    close: () => agent.destroy(),
  };
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * JSON, or nothing. What is cut short is no JSON: it counts as a connection that broke. JSON.parse's own words quote the
 * text, which may be a Secret's.
 */
function parseAnswer(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw Object.assign(new Error('the answer was cut short'), { code: 'ECONNRESET' });
  }
}

/**
 * JSON that is YAML as well: the server reads apply patches as YAML, which does not allow all characters of JSON's
 * strings as they are.
 */
export function encodeBody(body: unknown): string {
  return JSON.stringify(body).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
