// Statuses: how a call ended.
import { Metadata, status } from '@grpc/grpc-js';
import { REQUEST_ID_KEY } from './request_id.ts';

/** How a call ended: a code, words for the caller, and trailers. */
export interface Status {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata | null | undefined;
}

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

/** Trailers with nothing but a request id, which most calls end with: without the checks and copies of any metadata. */
class RequestIdTrailers extends Metadata {
  readonly #requestId: string;

  constructor(requestId: string) {
    super();
    this.#requestId = requestId;
  }

  override clone(): Metadata {
    return this;
  }

  override toHttp2Headers(): Record<string, string> {
    return { [REQUEST_ID_KEY]: this.#requestId };
  }
}

/**
 * `sent` with the request id among its trailers, and in a form that the wire takes: half a surrogate pair in its words
 * would throw while they are encoded, when the handler is long over.
 */
export function sendableStatus({ code, details, metadata }: Status, requestId: string): Status {
  let trailers: Metadata;
  if (metadata === undefined || metadata === null || Object.keys(metadata.getMap()).length === 0) {
    trailers = new RequestIdTrailers(requestId);
  } else {
    trailers = metadata.clone();
    trailers.set(REQUEST_ID_KEY, requestId);
  }
  if (code === status.OK) return { code, details, metadata: trailers };
  const cut = details.length > MAX_DETAILS_LENGTH ? `${details.slice(0, MAX_DETAILS_LENGTH)}…` : details;
  return { code, details: cut.toWellFormed(), metadata: trailers };
}
