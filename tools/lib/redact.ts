// Keeps credentials out of logs and errors. Every text that quotes a URL or a header passes through here once.

const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi;
const AUTHORIZATION = /\b(authorization:\s*)?(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const SECRET_QUERY = /([?&](?:access_token|token|sig|signature|password|secret|x-amz-[a-z-]+)=)[^&\s]+/gi;

/** `text` with URL credentials, Authorization values and secret query parameters replaced by `***`. */
export function redact(text: string): string {
  return text
    .replaceAll(URL_CREDENTIALS, '$1***@')
    .replaceAll(AUTHORIZATION, (_match, header: string | undefined, scheme: string) => `${header ?? ''}${scheme} ***`)
    .replaceAll(SECRET_QUERY, '$1***');
}
