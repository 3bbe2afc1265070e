// Statuses: how a call ended.
import { Metadata, status } from '@grpc/grpc-js';
import { REQUEST_ID_KEY } from './request_id.ts';

/** How a call ended: a code, words for the caller, and trailers. */
export interface Status {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata | null | undefined;
}

/**
 * Codes that are a fault of the server, or of what it needs: logs call them out, and spans are marked.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
 */
export const SERVER_FAULTS: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** All codes. */
export const CODES: readonly status[] = Object.values(status).filter((code) => typeof code === 'number');

/** The name of a code, as logs and metrics have it: `NOT_FOUND`; a number that is none is UNKNOWN. */
export function codeName(code: status): string {
  return status[code] ?? 'UNKNOWN';
}

/**
 * Thrown by a handler, it is the answer: a code and words for the caller. Anything else that is thrown is a defect:
 * logged here, and INTERNAL for the caller.
 */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata | undefined;

  constructor(code: status, details: string, options: { readonly metadata?: Metadata; readonly cause?: unknown } = {}) {
    super(`${codeName(code)}: ${details}`, { cause: options.cause });
    this.code = code;
    this.details = details;
    this.metadata = options.metadata;
  }
}

// Trailers share a limit of 8 KiB with many proxies and clients, so words end here.
const MAX_DETAILS_LENGTH = 2000;

/**
 * What is sent of a status. A failure has the request id among its trailers, by which it is found in logs, and its words
 * in a form that the wire takes: half a surrogate pair would throw while they are encoded, when the handler is long over.
 */
export function sendableStatus(sent: Status, requestId: string): Status {
  const { code, details, metadata } = sent;
  if (code === status.OK) return sent;
  const trailers = metadata?.clone() ?? new Metadata();
  trailers.set(REQUEST_ID_KEY, requestId);
  const cut = details.length > MAX_DETAILS_LENGTH ? `${details.slice(0, MAX_DETAILS_LENGTH)}…` : details;
  return { code, details: cut.toWellFormed(), metadata: trailers };
}
