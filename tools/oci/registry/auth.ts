// How a transport identifies itself: nothing until a registry asks, then Basic, or tokens from the realm that it names.
// Protocol: https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/
import { ToolError } from '../../lib/errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials, CredentialSource } from './docker_config.ts';

/** What {@link createAuthorizer} needs of the world. */
export interface AuthorizerOptions {
  /** The registry's own URL. */
  readonly home: URL;
  readonly credentials: CredentialSource;
  /** Asks a token server; the transport does it, with its retries. */
  readonly exchange: (request: TokenRequest) => Promise<Buffer>;
  /** The time in milliseconds. Default: performance.now. */
  readonly now?: () => number;
}

export interface TokenRequest {
  readonly doing: string;
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Identifies requests to one registry. */
export interface Authorizer {
  /** The Authorization header for a request that needs `scopes`, or undefined where none was asked for yet. */
  header(scopes: readonly string[]): Promise<string | undefined>;
  /**
   * Takes note of a 401. True: try again, {@link header} has something better than `used`.
   * Throws OCI_LOGIN_MISSING, OCI_AUTH_UNSUPPORTED and what asking for a token throws.
   */
  challenged(header: string | undefined, scopes: readonly string[], used: string | undefined): Promise<boolean>;
  /** `text` without the secrets that this authorizer has seen: servers may echo what they are sent. */
  conceal(text: string): string;
}

/** A token is not used in its last seconds: it has to live until the registry looks at it. */
const EXPIRY_MARGIN_MS = 5000;

/** What a token lives where its server does not say, by the protocol. */
const DEFAULT_LIFE_S = 60;

interface Token {
  readonly header: string;
  readonly expiresMs: number;
}

/** Creates an authorizer; nothing is asked before the registry does. */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { home, credentials, now = () => performance.now() } = options;
  const secrets = new Set<string>();
  const tokens = new Map<string, Promise<Token>>();
  let challenge: Challenge | undefined;

  const login = async (scopes: readonly string[]): Promise<Credentials | undefined> => {
    const found = await credentials(repositoryOf(scopes));
    if (found === undefined) return undefined;
    if ('identityToken' in found) secrets.add(found.identityToken);
    else secrets.add(found.password).add(basicHeader(found).slice('Basic '.length));
    return found;
  };

  const basic = async (scopes: readonly string[]): Promise<string | undefined> => {
    const found = await login(scopes);
    return found === undefined || 'identityToken' in found ? undefined : basicHeader(found);
  };

  const bearer = async (scopes: readonly string[], parameters: Challenge['parameters']): Promise<Token> => {
    const key = scopes.join(' ');
    const cached = tokens.get(key);
    if (cached !== undefined) {
      const token = await cached;
      if (now() < token.expiresMs) return token;
    }
    // Whoever came here at the same time may have asked already.
    if (tokens.get(key) === cached) {
      const asked = fetchToken(scopes, parameters);
      tokens.set(key, asked);
      asked.catch(() => tokens.get(key) === asked && tokens.delete(key));
    }
    return tokens.get(key) ?? bearer(scopes, parameters);
  };

  const fetchToken = async (scopes: readonly string[], parameters: Challenge['parameters']): Promise<Token> => {
    const realm = realmOf(parameters['realm'] ?? '', home);
    const startMs = now();
    const found = await login(scopes);
    const service = parameters['service'];
    const doing = `Asking ${realm.host} for a token for ${home.host}`;
    let request: TokenRequest;
    if (found !== undefined && 'identityToken' in found) {
      const form = new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'fathom',
        refresh_token: found.identityToken,
        ...(service === undefined ? {} : { service }),
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      request = { doing, method: 'POST', url: realm, headers, body: Buffer.from(form.toString()) };
    } else {
      if (service !== undefined) realm.searchParams.set('service', service);
      for (const scope of scopes) realm.searchParams.append('scope', scope);
      const headers = found === undefined ? {} : { authorization: basicHeader(found) };
      request = { doing, method: 'GET', url: realm, headers };
    }
    const { token, lifeS } = parseToken(await options.exchange(request), doing);
    secrets.add(token);
    return { header: `Bearer ${token}`, expiresMs: startMs + lifeS * 1000 - EXPIRY_MARGIN_MS };
  };

  return {
    header: async (scopes) => {
      if (challenge === undefined) return undefined;
      if (challenge.scheme === 'basic') return basic(scopes);
      return (await bearer(scopes, challenge.parameters)).header;
    },
    challenged: async (header, scopes, used) => {
      const offered = parseChallenges(header ?? '');
      const chosen = ['bearer', 'basic']
        .map((scheme) => offered.find((offer) => offer.scheme === scheme))
        .find(Boolean);
      if (chosen === undefined) {
        if (offered.length === 0) return false;
        throw new ToolError(
          'OCI_AUTH_UNSUPPORTED',
          `Logging in to ${home.host}: it wants ${offered.map(({ scheme }) => scheme).join(', ')}`,
          { hint: 'Use a registry that takes Basic or Bearer authentication.' },
        );
      }
      challenge = chosen;
      if (chosen.scheme === 'basic') {
        const better = await basic(scopes);
        if (better === undefined) throw loginMissing(home);
        return better !== used;
      }
      const key = scopes.join(' ');
      const known = tokens.get(key);
      const stale = await known?.catch(() => undefined);
      // Refused before its time: revoked, or the registry's clock differs. Unless somebody has asked anew meanwhile.
      if (stale !== undefined && stale.header === used && tokens.get(key) === known) tokens.delete(key);
      await bearer(scopes, chosen.parameters);
      return true;
    },
    conceal: (text) => [...secrets].reduce((rest, secret) => rest.replaceAll(secret, '***'), text),
  };
}

function basicHeader({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The repository that a request is about first: credentials may be for a path of the registry. */
function repositoryOf(scopes: readonly string[]): string {
  return /^repository:([^:]+):/.exec(scopes[0] ?? '')?.[1] ?? '';
}

/**
 * The token server. Passwords go there: it is https, or the registry's own host where that speaks plain http.
 * Throws OCI_AUTH_UNSUPPORTED.
 */
function realmOf(text: string, home: URL): URL {
  const realm = URL.parse(text);
  const isHome = realm !== null && realm.hostname === home.hostname && realm.protocol === home.protocol;
  if (realm !== null && (realm.protocol === 'https:' || isHome)) return realm;
  throw new ToolError(
    'OCI_AUTH_UNSUPPORTED',
    `Logging in to ${home.host}: it names ${realm === null ? 'no valid address' : realm.origin} as its token server`,
    { hint: 'Configure the registry to name a token server that is reached over https.' },
  );
}

function parseToken(body: Buffer, doing: string): { readonly token: string; readonly lifeS: number } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    value = undefined;
  }
  const answer = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const token = answer['token'] ?? answer['access_token'];
  if (typeof token !== 'string' || token === '') {
    throw new ToolError('OCI_PROTOCOL', `${doing}: the answer has no token`, {
      hint: 'Check the address of the token server in the registry’s configuration.',
    });
  }
  const life = answer['expires_in'];
  return { token, lifeS: typeof life === 'number' && life > 0 ? life : DEFAULT_LIFE_S };
}

function loginMissing(home: URL): ToolError {
  return new ToolError('OCI_UNAUTHORIZED', `Logging in to ${home.host}: 401, and there is no login for it`, {
    hint: `Run \`docker login ${home.host}\`, or write an entry for it into Docker's config.json (DOCKER_CONFIG).`,
  });
}
