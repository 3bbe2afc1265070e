// A request to a registry with all that may be needed until it is answered: a login, redirects, further tries.
// Knows nothing of what the requests mean.
import type { IncomingMessage } from 'node:http';
import { ToolError } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { type Lookup, checkForeignHost, resolveLocation } from './address.ts';
import { type TokenRequest, createAuthorizer } from './auth.ts';
import type { CredentialSource } from './docker_config.ts';
import { RegistryConnectionError, RegistryStatusError, retryReason } from './errors.ts';
import { checkEndpoint } from './reference.ts';
import { type Method, createWire } from './wire.ts';

/** What is asked. */
export interface RegistryRequest {
  /** For messages: a participle and its object. */
  readonly doing: string;
  readonly method: Method;
  /** `/v2/…`, or a URL that the registry gave. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called for each try. Default: no body. */
  readonly body?: () => AsyncIterable<Buffer>;
  /** Of the body, in bytes. */
  readonly bodySize?: number;
  /** What the caller must be allowed: `repository:a/b:pull,push`. Default: nothing. */
  readonly scopes?: readonly string[];
  /** The statuses that are no error. */
  readonly allowed: readonly number[];
  /** How long the answer may take once all is sent, in milliseconds. Default: as long as a connection may be silent. */
  readonly answerMs?: number;
  /** Whether a failed try may be repeated with the same URL. Default: true. */
  readonly isRepeatable?: boolean;
  /** Takes the body of an allowed answer as it comes. Default: `body` of the answer holds it, up to 4 MiB. */
  readonly receive?: (chunks: AsyncIterable<Buffer>, status: number) => Promise<void>;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The absolute URL of the Location header. */
  readonly location: URL | undefined;
}

export interface TransportOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly plainHttp: boolean;
  readonly signal: AbortSignal;
  /** Connections at most. Default: 8. */
  readonly maxConnections?: number;
  /** How long a connection may be silent, in milliseconds. Default: 30 000. */
  readonly idleMs?: number;
  /** No new try later than this after the first, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
  /** Who we are, asked when the registry asks. Default: nobody. */
  readonly credentials?: CredentialSource;
  /** Where the proxies are. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For tests. Default: the system's. */
  readonly lookup?: Lookup;
}

/** Connections to one registry. */
export interface Transport {
  readonly endpoint: string;
  /**
   * Sends a request, with retries. Throws RegistryStatusError, RegistryConnectionError, OCI_REDIRECT_REFUSED and what
   * logging in throws.
   */
  send(request: RegistryRequest): Promise<RegistryResponse>;
  /** The requests that were sent, by method; `TOKEN` for those to a token server. */
  readonly counts: Readonly<Record<string, number>>;
  close(): void;
}

/** Bodies are read up to this, unless the request receives them itself. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const MAX_REDIRECTS = 5;

/** Redirects that keep the method; the others are followed for reads only. */
const KEEPS_METHOD: ReadonlySet<number> = new Set([307, 308]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Opens a transport; nothing is sent yet. Throws OCI_REFERENCE_INVALID for a bad endpoint. */
export function createTransport(options: TransportOptions): Transport {
  const { endpoint, plainHttp, signal, maxConnections = 8, idleMs = 30_000, retryDeadlineMs = 30_000 } = options;
  const home = new URL(`${plainHttp ? 'http' : 'https'}://${checkEndpoint(endpoint)}`);
  const wire = createWire({ signal, maxConnections, idleMs, env: options.env ?? process.env });
  const counts: Record<string, number> = {};
  const count = (name: string) => (counts[name] = (counts[name] ?? 0) + 1);
  // The deadline is what ends it: a registry whose pod is ready may be out of reach for a while longer, on a busy node,
  // until the rules that lead to it are there.
  const tryAgain = { signal, reason: retryReason, deadlineMs: retryDeadlineMs, attempts: 12 };

  /** `work`, whose system errors become RegistryConnectionError. */
  const connected = async <T>(doing: string, url: URL, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof ToolError) throw error;
      throw new RegistryConnectionError({ doing, endpoint: url.host, proxy: wire.proxyFor(url), cause: error });
    }
  };

  /** Where a proxy leads to is the proxy's to look up, and perhaps only it can. */
  const foreignAddresses = async (url: URL, doing: string): Promise<readonly string[] | undefined> =>
    wire.proxyFor(url) === undefined
      ? checkForeignHost(url, { home, doing, ...(options.lookup ? { lookup: options.lookup } : {}) })
      : undefined;

  const statusError = (doing: string, response: IncomingMessage, body: Buffer): RegistryStatusError =>
    new RegistryStatusError({
      doing,
      status: response.statusCode ?? 0,
      body: authorizer.conceal(body.toString('utf8')),
      retryAfterMs: parseRetryAfter(response.headers['retry-after']),
      endpoint,
    });

  const askForToken = (request: TokenRequest): Promise<Buffer> =>
    retry(async () => {
      const { url, doing, method, headers, body } = request;
      const addresses = url.hostname === home.hostname ? undefined : await foreignAddresses(url, doing);
      count('TOKEN');
      return connected(doing, url, async () => {
        const length = body === undefined ? {} : { 'content-length': String(body.length) };
        const response = await wire.exchange({
          method,
          url,
          addresses,
          headers: { 'user-agent': 'fathom', accept: 'application/json', ...length, ...headers },
          body: body === undefined ? undefined : () => bytesOf(body),
        });
        const answer = await readBody(response);
        if (response.statusCode !== 200) throw statusError(doing, response, answer);
        return answer;
      });
    }, tryAgain);

  const authorizer = createAuthorizer({
    home,
    credentials: options.credentials ?? (() => Promise.resolve(undefined)),
    exchange: askForToken,
  });

  const sendOnce = async (request: RegistryRequest): Promise<RegistryResponse> => {
    const { doing, method, scopes = [] } = request;
    let url = new URL(request.url, home);
    let isChallenged = false;
    for (let redirects = 0; ;) {
      const isHome = url.host === home.host && url.protocol === home.protocol;
      // Another host is told nothing of who we are: its URL is signed, or it has no business to know.
      const authorization = isHome ? await authorizer.header(scopes) : undefined;
      const addresses = isHome ? undefined : await foreignAddresses(url, doing);
      const length = request.bodySize === undefined ? {} : { 'content-length': String(request.bodySize) };
      const identity = authorization === undefined ? {} : { authorization };
      count(method);
      const at = url;
      const headers = { 'user-agent': 'fathom', ...length, ...request.headers, ...identity };
      const { response, body } = await connected(doing, at, async () => {
        const head = await wire.exchange({
          method,
          url: at,
          headers,
          body: request.body,
          answerMs: request.answerMs,
          addresses,
        });
        const status = head.statusCode ?? 0;
        if (request.receive === undefined || !request.allowed.includes(status)) {
          return { response: head, body: await readBody(head) };
        }
        await request.receive(head as AsyncIterable<Buffer>, status);
        return { response: head, body: Buffer.alloc(0) };
      });
      const status = response.statusCode ?? 0;
      const location = response.headers.location;
      if (status === 401 && isHome && !isChallenged) {
        isChallenged = true;
        const challenge = response.headers['www-authenticate'];
        if (await authorizer.challenged(challenge, scopes, authorization)) continue;
      }
      const isRead = method === 'GET' || method === 'HEAD';
      if (location !== undefined && (isRead ? REDIRECTS : KEEPS_METHOD).has(status)) {
        redirects += 1;
        if (redirects > MAX_REDIRECTS) throw tooManyRedirects(doing);
        url = resolveLocation(url, location, doing);
        continue;
      }
      if (!request.allowed.includes(status)) throw statusError(doing, response, body);
      return {
        status,
        headers: response.headers,
        body,
        location: location === undefined ? undefined : resolveLocation(url, location, doing),
      };
    }
  };

  return {
    endpoint,
    counts,
    send: (request) => (request.isRepeatable === false ? sendOnce(request) : retry(() => sendOnce(request), tryAgain)),
    close: () => wire.close(),
  };
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      response.destroy();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function tooManyRedirects(doing: string): ToolError {
  return new ToolError('OCI_REDIRECT_REFUSED', `${doing}: more than ${MAX_REDIRECTS} redirects, one after another`, {
    hint: 'Check the address: it leads in a circle.',
  });
}
