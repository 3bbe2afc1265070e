// What an API server can answer, as typed errors. Decisions are made by status and reason, never by message text.
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { RetryReason } from '../../lib/retry.ts';
import { asList, at, asRecord, numberAt, textAt } from '../model/object.ts';

/** One field's problem in an answer. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

const CODES: Readonly<Record<number, readonly [string, string]>> = {
  400: ['K8S_BAD_REQUEST', 'Correct the manifest.'],
  401: ['K8S_UNAUTHORIZED', 'Log in to the cluster again, or correct the user of the context.'],
  403: ['K8S_FORBIDDEN', 'Ask for a Role with these rights, or use another context.'],
  404: ['K8S_NOT_FOUND', 'Check the name, and that what it belongs to was applied before.'],
  409: ['K8S_CONFLICT', 'Run it again.'],
  410: ['K8S_GONE', 'Run it again.'],
  413: ['K8S_TOO_LARGE', 'Split the object: the API server takes about 1 MiB.'],
  415: ['K8S_UNSUPPORTED', 'Use an API server of Kubernetes 1.27 or newer.'],
  422: [
    'K8S_INVALID',
    'Correct these fields in the manifest. One that cannot change needs the object deleted first (its `.delete`).',
  ],
};

const TEMPORARY_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const TEMPORARY_CODE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** Of a server that has answered before: it is being started again. Of another one: it is not there. */
const KNOWN_CODE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ERR_PROXY_TUNNEL', 'ETIMEDOUT']);

/** The content type of server-side apply. */
export const APPLY_PATCH = 'application/apply-patch+yaml';

/** An answer of a server. */
export interface StatusAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string;
  /** Whether it is one to an apply patch. Default: false. */
  readonly isApply?: boolean;
}

/** An answer other than success. */
export class KubeStatusError extends ToolError {
  readonly status: number;
  /** Whether another try may help. */
  readonly isTemporary: boolean;
  /** The API's word for it: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  readonly retryAfterMs: number | undefined;
  /** The server's own words. */
  readonly said: string;
  /**
   * Whether an apply patch did not fit the kind's schema, which is answered by a 500 without a reason. So is, now and then,
   * what the server's store could not do just then: another try tells them apart.
   */
  readonly isSchema: boolean;

  constructor(doing: string, answer: StatusAnswer) {
    const { status } = answer;
    const body = parseBody(answer.body);
    const said = textAt(body, 'message') ?? answer.body.trim().split('\n')[0]?.slice(0, 300) ?? '';
    const reason = textAt(body, 'reason') ?? '';
    const isSchema = answer.isApply === true && status === 500 && body !== undefined && reason === '';
    const [code, hint] = CODES[isSchema ? 400 : status] ?? [
      'K8S_API_FAILED',
      'Run it again; if it stays, look at the API server’s log.',
    ];
    super(code, `${doing}: ${said === '' ? `status ${status}` : said}`, { hint });
    this.status = status;
    this.reason = reason;
    this.isTemporary = TEMPORARY_STATUS.has(status) && !isSchema;
    this.isSchema = isSchema;
    this.said = said;
    this.causes = asList(at(body, 'details', 'causes')).map((cause) => ({
      reason: textAt(cause, 'reason') ?? '',
      message: textAt(cause, 'message') ?? '',
      field: textAt(cause, 'field') ?? '',
    }));
    const seconds = numberAt(body, 'details', 'retryAfterSeconds') ?? Number(answer.retryAfter ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  }
}

/** What is known of a connection that failed. */
export interface ConnectionFailure {
  readonly server: string;
  readonly context: string;
  /** The URL of the proxy that leads there. Default: none. */
  readonly proxy?: string | undefined;
  readonly cause: unknown;
  /** Whether the server has answered before: then it is back soon. */
  readonly isKnown: boolean;
}

/** A connection that could not be made or that broke. */
export class KubeConnectionError extends ToolError {
  readonly isTemporary: boolean;

  constructor(doing: string, where: ConnectionFailure) {
    const code =
      systemErrorCode(where.cause) ?? (where.cause instanceof Error ? where.cause.message : 'no reason given');
    const isTls = /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|EPROTO)/.test(code);
    const isLost = TEMPORARY_CODE.has(code) || (where.isKnown && KNOWN_CODE.has(code));
    const proxy = where.proxy === undefined ? undefined : URL.parse(where.proxy)?.host;
    const by = proxy === undefined ? '' : ` by the proxy ${proxy}`;
    const place = `${where.server}${by} (context '${where.context}')`;
    if (isTls) {
      super('K8S_TLS', `${doing}: ${place} is not who the kubeconfig says: ${code}`, {
        cause: where.cause,
        hint: 'Use the kubeconfig of this cluster; after `./fathom down` and `up` it is another one.',
      });
    } else if (isLost) {
      super('K8S_CONNECTION_LOST', `${doing}: the connection to ${place} broke: ${code}`, {
        cause: where.cause,
        hint: 'Run it again: it continues where it stopped.',
      });
    } else {
      super('K8S_UNREACHABLE', `${doing}: nothing answers at ${place}: ${code}`, {
        cause: where.cause,
        hint:
          proxy === undefined
            ? 'Run `./fathom up` to start the cluster, or check the address in the kubeconfig.'
            : 'Correct the proxy-url of the kubeconfig or HTTPS_PROXY, or add the server to NO_PROXY.',
      });
    }
    this.isTemporary = isLost;
  }
}

/** Whether another try may help after `error`, for `retry`. */
export function retryReason(error: unknown): RetryReason | undefined {
  if (error instanceof KubeConnectionError) return error.isTemporary ? {} : undefined;
  if (!(error instanceof KubeStatusError) || !error.isTemporary) return undefined;
  return error.retryAfterMs === undefined ? {} : { afterMs: error.retryAfterMs };
}

/** Whether `error` says that the object has changed since it was read. A conflict over fields is no such thing. */
export function isStale(error: unknown): boolean {
  return (
    error instanceof KubeStatusError &&
    error.reason === 'Conflict' &&
    error.causes.every(({ reason }) => reason !== 'FieldManagerConflict')
  );
}

/** Whether `error` says that there is no such object or resource. */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeStatusError && error.status === 404;
}

function parseBody(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}
