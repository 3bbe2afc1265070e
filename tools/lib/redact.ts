// Keeps credentials out of logs and errors. Every text that quotes a URL or a header passes through here once.

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const AUTHORIZATION = /\b(authorization:\s*)?(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const SECRET_QUERY = /([?&](?:access_token|token|sig|signature|password|secret|x-amz-[a-z-]+)=)[^&\s]+/gi;

/** What is shorter, or a mere word, is a part of much else: to hide it would hide that, and tell the value. */
const MIN_HIDDEN_LENGTH = 6;
const SHORT_WORD = /^[a-z-]{0,11}$/;
/** A line of a longer value, such as of a private key. */
const MIN_HIDDEN_LINE = 12;
/** A line that all keys and certificates have in common: hidden, it would hide where any of them begins. */
const PEM_BOUNDARY = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/** What this process must not show, the longest first, so that no part of one stays where another is cut out. */
let hidden: readonly string[] = [];

/** Hides `value` from now on, also as base64, URL-encoded or in JSON, and each longer line of it. */
export function hideValue(value: string | Uint8Array): void {
  const bytes = Buffer.from(value);
  const text = bytes.toString('utf8');
  const lines = text.split(/\r?\n/).filter((line) => line.length >= MIN_HIDDEN_LINE && !PEM_BOUNDARY.test(line));
  const forms = [text, ...lines].flatMap((one) => [one, encodeURIComponent(one.toWellFormed()), jsonText(one)]);
  const all = [...forms, ...['base64', 'base64url', 'hex'].map((form) => bytes.toString(form as BufferEncoding))];
  const long = all.filter((form) => form.length >= MIN_HIDDEN_LENGTH && !SHORT_WORD.test(form));
  hidden = [...new Set([...hidden, ...long])].sort((a, b) => b.length - a.length);
}

function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** `text` with hidden values, URL credentials, Authorization values and secret query parameters replaced by `***`. */
export function redact(text: string): string {
  return withoutHidden(text)
    .replaceAll(URL_CREDENTIALS, '$1***@')
    .replaceAll(AUTHORIZATION, (_match, header: string | undefined, scheme: string) => `${header ?? ''}${scheme} ***`)
    .replaceAll(SECRET_QUERY, '$1***');
}

/** `text` with hidden values alone replaced by `***`: for results, in which all else must stay as it is. */
export function withoutHidden(text: string): string {
  return hidden.reduce((left, value) => left.replaceAll(value, '***'), text);
}
