// Request ids: one for each call from outside, the same in all that it leads to.
import { randomUUID } from 'node:crypto';

/** The metadata key of a request id, in requests and in trailers. */
export const REQUEST_ID_KEY = 'x-request-id';

// Unlike any other's by this part, which is random. The rest is counted: random bytes for each call would cost more than
// what is done with them. A UUID of version 8, https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8.
const PROCESS_PART = `${randomUUID().slice(0, 14)}8${randomUUID().slice(15, 24)}`;
let count = 0;

function nextId(): string {
  count += 1;
  return PROCESS_PART + count.toString(16).padStart(12, '0');
}

// What a caller sends goes into logs and on to others: short, and nothing that a log or a header could stumble over.
const ACCEPTED = /^[A-Za-z0-9._:/+=@-]{1,128}$/;

/** The id that a caller sent if it is one that may be passed on, else a new one. */
export function requestIdOf(sent: unknown): string {
  return typeof sent === 'string' && ACCEPTED.test(sent) ? sent : nextId();
}
