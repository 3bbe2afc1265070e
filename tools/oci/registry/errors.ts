// What a registry can do wrong, as typed errors. Which of them may pass is data, decided by status and system code.
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { RetryReason } from '../../lib/retry.ts';
import { CacheFailure } from './cache_errors.ts';

/** Statuses after which another try may help. */
export const TEMPORARY_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** System errors after which another try may help: a connection that was there and broke. */
export const TEMPORARY_CODE: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** System errors of two sides that do not agree on TLS; certificates have codes of their own. */
const TLS_CODE = /^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** System errors that say that nobody is there. */
const UNREACHABLE_CODE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);

/** An answer that was not the one wanted. */
export class RegistryStatusError extends ToolError {
  readonly status: number;
  /** The registry's own error codes: `DIGEST_INVALID`. */
  readonly reasons: readonly string[];
  readonly retryAfterMs: number | undefined;

  constructor(options: {
    readonly doing: string;
    readonly status: number;
    readonly body: string;
    readonly retryAfterMs?: number | undefined;
    /** The registry, for the hint. */
    readonly endpoint: string;
  }) {
    const { doing, status } = options;
    const reasons = parseReasons(options.body);
    const said = reasons.length > 0 ? reasons.map((reason) => reason.text).join(', ') : firstLine(options.body);
    const { code, hint } = classify(status, options.endpoint);
    super(code, `${doing}: ${status}${said === '' ? '' : ` ${said}`}`, { hint });
    this.status = status;
    this.reasons = reasons.map((reason) => reason.code);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A connection that could not be made or that broke. */
export class RegistryConnectionError extends ToolError {
  readonly isTemporary: boolean;

  constructor(options: {
    readonly doing: string;
    readonly endpoint: string;
    /** The URL of the proxy that leads there. Default: none. */
    readonly proxy?: string | undefined;
    readonly cause: unknown;
  }) {
    const { doing, cause } = options;
    const code = systemErrorCode(cause) ?? 'no reason given';
    const proxy = options.proxy === undefined ? undefined : URL.parse(options.proxy)?.host;
    const endpoint = proxy === undefined ? options.endpoint : `${options.endpoint} by the proxy ${proxy}`;
    if (proxy !== undefined && (UNREACHABLE_CODE.has(code) || code.startsWith('ERR_PROXY_'))) {
      super('OCI_REGISTRY_UNREACHABLE', `${doing}: nothing answers at ${endpoint} (${code})`, {
        cause,
        hint: 'Correct HTTPS_PROXY, or add the registry to NO_PROXY.',
      });
    } else if (UNREACHABLE_CODE.has(code)) {
      super('OCI_REGISTRY_UNREACHABLE', `${doing}: nothing answers at ${endpoint} (${code})`, {
        cause,
        hint: 'Run `./fathom up` to start the cluster and its registry; of another registry, check address and network.',
      });
    } else if (TLS_CODE.test(code)) {
      super('OCI_TLS_FAILED', `${doing}: no secure connection to ${endpoint} (${code})`, {
        cause,
        hint: 'Check that it speaks https; let the machine trust its authority, or name a file with it in NODE_EXTRA_CA_CERTS. Plain http is for a cluster’s own registry.',
      });
    } else {
      super('OCI_CONNECTION_LOST', `${doing}: the connection to ${endpoint} broke (${code})`, {
        cause,
        hint: 'Run it again: what was uploaded is kept. If it stays, look at the registry’s log.',
      });
    }
    this.isTemporary = TEMPORARY_CODE.has(code);
  }
}

/** Whether the registry's answer was `status` or has one of `reasons`. */
export function isAnswer(error: unknown, statuses: readonly number[], reasons: readonly string[] = []): boolean {
  if (!(error instanceof RegistryStatusError)) return false;
  return statuses.includes(error.status) || error.reasons.some((reason) => reasons.includes(reason));
}

/** Whether another try may help after `error`, for {@link retry}. */
export function retryReason(error: unknown): RetryReason | undefined {
  if (error instanceof RegistryConnectionError || error instanceof CacheFailure)
    return error.isTemporary ? {} : undefined;
  if (!(error instanceof RegistryStatusError) || !TEMPORARY_STATUS.has(error.status)) return undefined;
  return error.retryAfterMs === undefined ? {} : { afterMs: error.retryAfterMs };
}

function classify(status: number, endpoint: string): { readonly code: string; readonly hint: string } {
  if (status === 401) {
    return {
      code: 'OCI_UNAUTHORIZED',
      hint: `Run \`docker login ${endpoint}\`: the login that was found is not taken.`,
    };
  }
  if (status === 403) {
    return {
      code: 'OCI_FORBIDDEN',
      hint: `Ask for the right to write there, or log in to ${endpoint} as someone else.`,
    };
  }
  if (status === 404)
    return { code: 'OCI_NOT_FOUND', hint: 'Check that the address is that of an OCI registry (/v2/).' };
  if (status === 405) {
    return {
      code: 'OCI_READ_ONLY',
      hint: 'Run it again in a minute: a registry takes nothing while its images are collected.',
    };
  }
  if (status === 507) return { code: 'OCI_REGISTRY_FULL', hint: 'Free space on the registry’s volume.' };
  if (TEMPORARY_STATUS.has(status)) {
    return { code: 'OCI_REGISTRY_FAILED', hint: 'Run it again; if it stays, look at the registry’s log.' };
  }
  return { code: 'OCI_REJECTED', hint: 'Build the image again; if it stays, the registry does not take what is sent.' };
}

interface Reason {
  readonly code: string;
  readonly text: string;
}

/** The errors of a body `{"errors":[{"code","message"}]}`; an empty list where it is none. */
function parseReasons(body: string): Reason[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return [];
  }
  const errors = typeof value === 'object' && value !== null && 'errors' in value ? value.errors : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((error: unknown): Reason[] => {
    if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') return [];
    const message = 'message' in error && typeof error.message === 'string' ? ` (${error.message})` : '';
    return [{ code: error.code, text: `${error.code}${message}` }];
  });
}

function firstLine(body: string): string {
  const line = body.trim().split('\n')[0] ?? '';
  return line.startsWith('<') ? '' : line.slice(0, 200);
}
