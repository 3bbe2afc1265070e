// A token server for tests: checks a password, and signs tokens that distribution's registry verifies.
// Form: https://distribution.github.io/distribution/spec/auth/jwt/
import 'reflect-metadata';
import { createHash, randomUUID, sign, webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';

/** What was asked of the server. */
export interface AskedToken {
  readonly method: string;
  /** The user, or undefined for nobody. */
  readonly user: string | undefined;
  readonly scopes: readonly string[];
}

export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** File with the certificate that the registry trusts. */
  readonly certificate: string;
  readonly asked: AskedToken[];
  /** The life of tokens from now on, in seconds; what is not positive makes tokens that have run out. */
  lifeS: number;
  /** Asked before each answer; true when it has answered itself. */
  fault: (asked: AskedToken, response: ServerResponse) => boolean;
}

export interface TokenServerOptions {
  /** Where the certificate is written. */
  readonly folder: string;
  /** Name → password. */
  readonly users: Readonly<Record<string, string>>;
  /** What a user (undefined: nobody) may do in a repository. Default: users all, others nothing. */
  readonly allow?: (user: string | undefined, repository: string) => readonly string[];
  /** Refresh token → name. Default: none. */
  readonly refreshTokens?: Readonly<Record<string, string>>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Starts the server on a free port. It ends with its scope. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const {
    users,
    refreshTokens = {},
    allow = (user) => (user === undefined ? [] : ['pull', 'push', 'delete']),
  } = options;
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=token server of a test',
      keys,
      signingAlgorithm: ALGORITHM,
      notAfter: new Date(Date.now() + 86_400_000),
    },
    webcrypto as unknown as Crypto,
  );
  const path = join(options.folder, `tokens-${randomUUID()}.pem`);
  await writeFile(path, certificate.toString('pem'));
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const x5c = [Buffer.from(certificate.rawData).toString('base64')];

  const tokenFor = (user: string | undefined, scopes: readonly string[]): string => {
    const nowS = Math.floor(Date.now() / 1000);
    const access = scopes.flatMap((scope) => {
      const [, name = '', actions = ''] = /^repository:([^:]+):(.*)$/.exec(scope) ?? [];
      const allowed = actions.split(',').filter((action) => allow(user, name).includes(action));
      return allowed.length === 0 ? [] : [{ type: 'repository', name, actions: allowed }];
    });
    // Registries grant a minute of grace.
    const expires = server.lifeS > 0 ? nowS + server.lifeS : nowS - 3600;
    const claims = {
      iss: server.issuer,
      sub: user ?? '',
      aud: server.service,
      exp: expires,
      nbf: nowS - 7200,
      iat: nowS - 7200,
      jti: randomUUID(),
      access,
    };
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ typ: 'JWT', alg: 'ES256', x5c })}.${encode(claims)}`;
    const key = { key: pkcs8, format: 'der', type: 'pkcs8', dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  };

  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://tokens');
      const form = request.method === 'POST' ? new URLSearchParams(Buffer.concat(chunks).toString()) : url.searchParams;
      const refresh = form.get('refresh_token');
      const login = refresh === null ? basicLogin(request.headers.authorization, users) : refreshTokens[refresh];
      const scopes = form.getAll('scope').flatMap((scope) => scope.split(' '));
      const asked: AskedToken = { method: request.method ?? '', user: login === null ? undefined : login, scopes };
      server.asked.push(asked);
      if (server.fault(asked, response)) return;
      if (login === null || (refresh !== null && login === undefined) || form.get('service') !== server.service) {
        response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'no such login' }] }));
        return;
      }
      const token = tokenFor(login, scopes);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ token, expires_in: Math.max(60, server.lifeS) }));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: TokenServer = {
    realm: `http://127.0.0.1:${(http.address() as AddressInfo).port}/token`,
    service: 'registry of a test',
    issuer: `test ${createHash('sha256').update(path).digest('hex').slice(0, 8)}`,
    certificate: path,
    asked: [],
    lifeS: 300,
    fault: () => false,
    [Symbol.asyncDispose]: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

/** The user of an Authorization header; undefined: there is none; null: it is wrong. */
function basicLogin(header: string | undefined, users: Readonly<Record<string, string>>): string | undefined | null {
  if (header === undefined) return undefined;
  const text = Buffer.from(header.replace(/^Basic /, ''), 'base64').toString();
  const colon = text.indexOf(':');
  const user = text.slice(0, colon);
  return users[user] !== undefined && users[user] === text.slice(colon + 1) ? user : null;
}
