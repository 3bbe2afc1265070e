// A thin client of the Kubernetes API over kept-alive connections: one method, JSON in and out, typed errors, retries.
import http from 'node:http';
import https from 'node:https';
import { retry } from '../../lib/retry.ts';
import { authorize } from './credentials.ts';
import { KubeConnectionError, KubeStatusError, retryReason } from './errors.ts';
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
}

/** A connection to one API server. */
export interface KubeClient {
  readonly access: ClusterAccess;
  /** Requests sent, by method. */
  readonly counts: Readonly<Record<string, number>>;
  /** The parsed answer. Throws KubeStatusError and KubeConnectionError. */
  request(request: KubeRequest): Promise<unknown>;
  /** The answer as text, for logs. */
  requestText(request: KubeRequest): Promise<string>;
  close(): void;
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  readonly signal: AbortSignal;
  /** Connections at once. Default: 16. */
  readonly maxConnections?: number;
  /** How long one answer may take, in milliseconds. Default: 35 000 (the server's own limit is 34 s). */
  readonly requestTimeoutMs?: number;
  /** How long failed requests are repeated, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
}

const USER_AGENT = 'fathom';

/** Connects lazily: the first request opens the first connection. */
export function createClient(access: ClusterAccess, options: ClientOptions): KubeClient {
  const { signal, maxConnections = 16, requestTimeoutMs = 35_000 } = options;
  const url = new URL(access.server);
  const transport = url.protocol === 'http:' ? http : https;
  const agent = new transport.Agent({ keepAlive: true, maxSockets: maxConnections, scheduling: 'lifo' });
  const counts: Record<string, number> = {};
  let authorization: ReturnType<typeof authorize> | undefined;

  const send = async (request: KubeRequest): Promise<string> => {
    authorization ??= authorize(access, signal);
    const { header, cert, key } = await authorization;
    const query = Object.entries(request.query ?? {}).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const search = query.length === 0 ? '' : `?${new URLSearchParams(query).toString()}`;
    const body = request.body === undefined ? undefined : Buffer.from(encodeBody(request.body));
    counts[request.method] = (counts[request.method] ?? 0) + 1;
    return new Promise<string>((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(
          signal.aborted
            ? signal.reason
            : new KubeConnectionError(request.doing, { server: access.server, context: access.context, cause }),
        );
      const outgoing = transport.request(
        {
          agent,
          signal,
          method: request.method,
          hostname: url.hostname.replace(/^\[|\]$/g, ''),
          port: url.port === '' ? undefined : Number(url.port),
          path: `${url.pathname.replace(/\/$/, '')}${request.path}${search}`,
          headers: {
            accept: request.accept ?? 'application/json',
            'user-agent': USER_AGENT,
            ...(header === undefined ? {} : { authorization: header }),
            ...(body === undefined
              ? {}
              : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
          },
          ...access.tls,
          ...(cert === undefined || key === undefined ? {} : { cert, key }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) return resolve(text);
            const retryAfter = response.headers['retry-after'];
            reject(
              new KubeStatusError(request.doing, {
                status,
                body: text,
                ...(retryAfter === undefined ? {} : { retryAfter }),
              }),
            );
          });
        },
      );
      outgoing.setTimeout(requestTimeoutMs, () =>
        outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      );
      outgoing.on('error', fail);
      outgoing.end(body);
    });
  };

  const sendRetrying = (request: KubeRequest): Promise<string> =>
    retry(() => send(request), {
      signal,
      deadlineMs: options.retryDeadlineMs ?? 30_000,
      reason: (error) => ((request.isIdempotent ?? request.method !== 'POST') ? retryReason(error) : undefined),
    });

  return {
    access,
    counts,
    async request(request) {
      const text = await sendRetrying(request);
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    },
    requestText: sendRetrying,
    close: () => agent.destroy(),
  };
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
