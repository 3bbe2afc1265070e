// Request ids: one for each call from outside, the same in all that it leads to.
import { randomUUID } from 'node:crypto';

/** The metadata key of a request id, in requests and in trailers. */
export const REQUEST_ID_KEY = 'x-request-id';

// What a caller sends goes into logs and on to others: short, and nothing that a log or a header could stumble over.
const ACCEPTED = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

/** The id that a caller sent if it is one that may be passed on, else a new one. */
export function requestIdOf(sent: unknown): string {
  return typeof sent === 'string' && ACCEPTED.test(sent) ? sent : randomUUID();
}
