// Registries as child processes, for tests: storage in a scratch folder or memory, a free port of the loopback.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { createTransport } from '../registry/transport.ts';
import type { TokenServer } from './token_server.ts';

export interface RealRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly endpoint: string;
  /** Where its metrics are, with `hasMetrics`. */
  readonly metricsUrl?: string;
}

/** How a registry of distribution asks for a login. */
export type RegistryAuth = { readonly htpasswd: string } | { readonly tokens: TokenServer };

/** A login of {@link HTPASSWD}. */
export const USER = { username: 'alice', password: 's3cret-Password' };

/** An htpasswd line of {@link USER}: bcrypt, at the least cost. */
export const HTPASSWD = 'alice:$2b$04$pHwQhSPdJh6R9sZg1k9BvuHKR21QA/tHvA/1ET9E4mrn7oNBtLODO\n';

/** Starts distribution's registry, version 2 or 3; resolves when it answers. It ends with its scope. */
export async function startRealRegistry(
  program: string,
  folder: string,
  options: {
    readonly auth?: RegistryAuth;
    readonly hasMetrics?: boolean;
    /** Files of its certificate. Default: it speaks plain http. */
    readonly tls?: { readonly certificate: string; readonly key: string };
  } = {},
): Promise<RealRegistry> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const place = join(folder, `registry-${endpoint.split(':')[1]}`);
  await mkdir(place);
  const debug = options.hasMetrics === true ? `127.0.0.1:${await freePort()}` : undefined;
  const configuration = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(place, 'storage') }, delete: { enabled: true } },
    http: {
      addr: endpoint,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(debug === undefined ? {} : { debug: { addr: debug, prometheus: { enabled: true, path: '/metrics' } } }),
    },
    ...(options.auth === undefined ? {} : { auth: await authSection(options.auth, place) }),
  };
  const path = join(place, 'registry.json');
  await writeFile(path, JSON.stringify(configuration));
  const logPath = join(place, 'registry.log');
  const log = await open(logPath, 'w');
  const child = spawn(program, ['serve', path], { stdio: ['ignore', 'ignore', log.fd] });
  await log.close();
  try {
    await waitUntilReady(endpoint, child);
  } catch (error) {
    await end(child);
    throw new Error(`the registry does not start: ${await readFile(logPath, 'utf8')}`, { cause: error });
  }
  return {
    endpoint,
    ...(debug === undefined ? {} : { metricsUrl: `http://${debug}/metrics` }),
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function authSection(auth: RegistryAuth, place: string): Promise<unknown> {
  if ('htpasswd' in auth) {
    const path = join(place, 'htpasswd');
    await writeFile(path, auth.htpasswd);
    return { htpasswd: { realm: 'a test', path } };
  }
  const { realm, service, issuer, certificate } = auth.tokens;
  return { token: { realm, service, issuer, rootcertbundle: certificate } };
}

/** Starts go-containerregistry's registry, which keeps all in memory. It ends with its scope. */
export async function startGoRegistry(
  program: string,
  options: { readonly referrers?: boolean } = {},
): Promise<RealRegistry> {
  const args = ['registry', ...(options.referrers === true ? ['-referrers'] : [])];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the registry ended with ${code}`)));
  });
  return { endpoint: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => end(child) };
}

/** Writes a program that is bytes in memory where it can be run. */
export async function installProgram(bytes: Buffer, folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  await chmod(path, 0o755);
  return path;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode === null && child.kill('SIGKILL')) await ended;
}

async function waitUntilReady(endpoint: string, child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    const transport = createTransport({ endpoint, plainHttp: true, signal, retryDeadlineMs: 0 });
    try {
      // A path outside of the interface: it needs no login. 400: it speaks TLS.
      await transport.send({ doing: 'Waiting for the registry', method: 'GET', url: '/', allowed: [200, 400, 404] });
      return;
    } catch (error) {
      if (child.exitCode !== null || signal.aborted) throw error;
      await sleepFor(50);
    } finally {
      transport.close();
    }
  }
}

/** A port of the loopback that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
