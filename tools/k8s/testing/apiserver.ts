// A real API server for tests: etcd and kube-apiserver on free ports, no nodes, in a folder that vanishes.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type KubeClient } from '../kube/client.ts';
import { findCluster } from '../kube/kubeconfig.ts';

/** A running API server. */
export interface ApiServer {
  readonly folder: string;
  /** A kubeconfig with the context {@link ApiServer.context} (a cluster-admin) and `nobody` (no rights). */
  readonly kubeconfig: string;
  readonly context: string;
  readonly client: KubeClient;
  stop(): Promise<void>;
}

const CONTEXT = 'fathom-test';

/**
 * Starts etcd and kube-apiserver; ready within seconds. The programs come from ETCD and KUBERNETES, by runfiles.
 * `flags`: further ones of kube-apiserver; the last of a name counts. Default: none.
 */
export async function startApiServer(flags: readonly string[] = []): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-apiserver-'));
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.reverse().map(end));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [clientPort = 0, peerPort = 0, securePort = 0] = await freePorts(3);
    const etcdUrl = `http://127.0.0.1:${clientPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    children.push(
      start(program('ETCD'), folder, [
        ...['--data-dir', join(folder, 'etcd'), '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync', '--log-level', 'error'],
      ]),
    );
    const tokens = { admin: randomBytes(16).toString('hex'), nobody: randomBytes(16).toString('hex') };
    await writeFile(
      join(folder, 'tokens.csv'),
      `${tokens.admin},admin,admin,"system:masters"\n${tokens.nobody},nobody,nobody\n`,
    );
    // The program is all of Kubernetes: its name says which part.
    const apiserver = join(folder, 'kube-apiserver');
    await symlink(program('KUBERNETES'), apiserver);
    await writeServiceAccountKey(folder);
    children.push(
      start(apiserver, folder, [
        `--etcd-servers=${etcdUrl}`,
        `--secure-port=${securePort}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--cert-dir=${join(folder, 'certs')}`,
        `--token-auth-file=${join(folder, 'tokens.csv')}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.0.0.0/16',
        `--service-account-key-file=${join(folder, 'sa.key')}`,
        `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        '--disable-admission-plugins=ServiceAccount',
        '--anonymous-auth=false',
        '--watch-cache=false',
        '--v=0',
        ...flags,
      ]),
    );
    const kubeconfig = join(folder, 'kubeconfig');
    const ca = await certificateOf(children, folder);
    await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(`https://127.0.0.1:${securePort}`, ca, tokens)));
    const access = await findCluster({ env: {}, context: CONTEXT, cluster: '', user: '', files: [kubeconfig] });
    const client = createClient(access, { signal: AbortSignal.timeout(7_200_000), retryDeadlineMs: 0 });
    await untilReady(client, children, folder);
    return {
      folder,
      kubeconfig,
      context: CONTEXT,
      client,
      stop: async () => {
        client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs kubectl, of the same Kubernetes; as the user of a context. */
export async function kubectl(
  server: Pick<ApiServer, 'kubeconfig' | 'context'>,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const access = ['--kubeconfig', server.kubeconfig, '--context', server.context];
  const child = spawn(program('KUBERNETES'), ['kubectl', ...args, ...access], {
    env: { PATH: process.env['PATH'], HOME: tmpdir(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const code = await new Promise<number | null>((done, fail) => child.on('error', fail).on('close', done));
  return { code, ...output };
}

/** The path of a program, by its variable. */
export function program(variable: 'ETCD' | 'KUBERNETES'): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error(`${variable} must be the path of the program`);
  const runfiles = process.env['RUNFILES_DIR'];
  // $(location) is an absolute path; $(rootpath) of an external program begins with `../`.
  const external = path.replace(/^\.\.\//, '');
  const candidates = [resolve(path), ...(runfiles === undefined ? [] : [join(runfiles, external)])];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) throw new Error(`${variable}: none of ${candidates.join(', ')} exists`);
  return found;
}

function start(command: string, folder: string, args: readonly string[]): ChildProcess {
  const log = join(folder, `${command.split('/').at(-1)}.log`);
  return spawn('/bin/sh', ['-c', 'log=$1; shift; exec "$@" >"$log" 2>&1', 'sh', log, command, ...args], {
    cwd: folder,
    stdio: 'ignore',
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

/** The certificate that the server makes for itself, with the authority that signed it. */
async function certificateOf(children: readonly ChildProcess[], folder: string): Promise<Buffer> {
  // The key is written after the certificate, so that both are whole once it is there.
  const key = join(folder, 'certs/apiserver.key');
  return attempt(children, folder, async () => {
    if ((await stat(key)).size === 0) throw new Error(`${key} is empty`);
    return readFile(join(folder, 'certs/apiserver.crt'));
  });
}

async function untilReady(client: KubeClient, children: readonly ChildProcess[], folder: string): Promise<void> {
  await attempt(children, folder, async () => {
    await client.requestText({ method: 'GET', path: '/readyz', doing: 'Waiting for the API server' });
    // Namespaces and RBAC rules are written after the server is ready to answer.
    await client.request({ method: 'GET', path: '/api/v1/namespaces/default', doing: 'Waiting for namespaces' });
  });
}

/** Tries `work` until it succeeds, a program has ended, or a minute is over. */
async function attempt<T>(children: readonly ChildProcess[], folder: string, work: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const ended = children.find((child) => child.exitCode !== null);
      if (ended === undefined && performance.now() < deadlineMs) {
        await sleep(50);
        continue;
      }
      const log = await readFile(join(folder, 'kube-apiserver.log'), 'utf8').catch(() => '');
      throw new Error(`The API server did not start:\n${log.slice(-2000)}`, { cause: error });
    }
  }
}

async function writeServiceAccountKey(folder: string): Promise<void> {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }));
}

function kubeconfigOf(server: string, ca: Buffer, tokens: { readonly admin: string; readonly nobody: string }): object {
  const cluster = { server, 'certificate-authority-data': ca.toString('base64') };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [{ name: 'test', cluster }],
    contexts: [
      { name: CONTEXT, context: { cluster: 'test', user: 'admin' } },
      { name: 'nobody', context: { cluster: 'test', user: 'nobody' } },
    ],
    users: [
      { name: 'admin', user: { token: tokens.admin } },
      { name: 'nobody', user: { token: tokens.nobody } },
    ],
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
