// Real Redis servers in cluster mode for one test: ports and folders of their own, nothing left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from '../../../../tools/lib/testing/eventually.ts';
import { createLogger } from '../../../kit/index.ts';
import { type HandOver, handOver } from '../handover.ts';
import { keep } from '../keeper.ts';
import { type Credentials, type Link, openLink } from '../link.ts';
import { unpackRedis } from './program.ts';

export { eventually };

const BUS_OFFSET = 10_000;
const NODE_TIMEOUT_MS = 1500;

/** One server of a {@link TestCluster}, at its place. */
export interface TestNode {
  readonly port: number;
  readonly link: Link;
  readonly folder: string;
  /** Starts it; `ip`: the address of loopback that it listens at and announces. Default: 127.0.0.1. */
  start(ip?: string): Promise<void>;
  /** Ends it as a kubelet does, and waits until it has ended. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Throws away what it has on disk. It must not run. */
  loseVolume(): Promise<void>;
}

/** Options of {@link createTestCluster}. */
export interface TestClusterOptions {
  readonly nodes: number;
  /** Lines of an ACL file, and who may do everything in it. Default: no users. */
  readonly acl?: { readonly lines: readonly string[]; readonly admin: Credentials };
  /** Whether all have the name localhost, by which any client finds them. Default: each has a name of its own. */
  readonly isLocalhost?: boolean;
  /** More settings of redis-server. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A keeper that runs beside a node. */
export interface TestKeeper {
  /** Ends it, as a kill does: in the middle of whatever it does. */
  stop(): Promise<void>;
}

/** Servers that are one cluster as soon as they are kept. */
export interface TestCluster {
  /** Where the ACL file `users.acl` is. */
  readonly folder: string;
  readonly nodes: readonly TestNode[];
  readonly links: readonly Link[];
  startAll(): Promise<void>;
  /** Runs a keeper of the node at place `own`. `nodes`: how many of them there are as far as it knows; default: all. */
  keeper(own: number, options?: { readonly masters?: number; readonly nodes?: number }): TestKeeper;
  /** Hands the slots of the node at place `own` over to a replica, as a keeper does before the node ends. */
  handOver(own: number): Promise<HandOver>;
  /** Runs keepers of all nodes. */
  keepAll(masters?: number): TestKeeper;
  remove(): Promise<void>;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const bound = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]).catch(() => false);
  server.close();
  return bound;
}

/** A port below those that the system gives away by itself, which is free, and so is that of the bus. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 11_000 + Math.floor(Math.random() * 11_000);
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) return port;
  }
  throw new Error('Finding a free port: none in 100 tries');
}

/** Servers that are not started yet. */
export async function createTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const program = await unpackRedis();
  const root = await mkdtemp('/tmp/redis-cluster-');
  const aclFile = options.acl === undefined ? undefined : join(root, 'users.acl');
  if (aclFile !== undefined) await writeFile(aclFile, `${options.acl?.lines.join('\n')}\n`, { mode: 0o600 });
  const nodes: TestNode[] = [];
  const taken = new Set<number>();
  while (nodes.length < options.nodes) {
    const port = await freePorts();
    if (taken.has(port)) continue;
    taken.add(port);
    const folder = await mkdtemp(join(root, `${nodes.length}-`));
    const host = options.isLocalhost === true ? 'localhost' : `redis-${nodes.length}.test`;
    nodes.push(createNode({ host, port, folder, program: program.command, aclFile, options }));
  }
  const links = nodes.map(({ link }) => link);
  const keepers = new Set<TestKeeper>();
  const level = process.env['LOG_LEVEL'] === 'info' ? 'info' : 'silent';
  const keeper = (own: number, given: { readonly masters?: number; readonly nodes?: number } = {}) => {
    const { masters = Math.ceil(nodes.length / 2) } = given;
    const controller = new AbortController();
    const done = keep({
      links: links.slice(0, given.nodes),
      own,
      masters,
      log: createLogger({ service: `keeper-${own}`, level }),
      signal: controller.signal,
      busOffset: BUS_OFFSET,
      intervalMs: 100,
      patienceMs: 4 * NODE_TIMEOUT_MS,
    });
    const started: TestKeeper = {
      stop: async () => {
        keepers.delete(started);
        controller.abort();
        await done;
      },
    };
    keepers.add(started);
    return started;
  };
  return {
    folder: root,
    nodes,
    links,
    startAll: async () => void (await Promise.all(nodes.map((node) => node.start()))),
    keeper,
    handOver: (own) => handOver({ links, own, signal: AbortSignal.timeout(8000) }),
    keepAll: (masters) => {
      const all = nodes.map((_, own) => keeper(own, masters === undefined ? {} : { masters }));
      return { stop: async () => void (await Promise.all(all.map((one) => one.stop()))) };
    },
    remove: async () => {
      await Promise.all([...keepers].map((one) => one.stop()));
      for (const { link } of nodes) link.close();
      await Promise.all(nodes.map((node) => node.kill()));
      await rm(root, { recursive: true, force: true });
      await program.remove();
    },
  };
}

/**
 * Starts all servers, and has keepers make them a cluster with `masters` masters, which nobody keeps from then on.
 * `addresses`: of each server; default: 127.0.0.1.
 */
export async function formOnce(
  cluster: TestCluster,
  masters: number,
  addresses: readonly string[] = [],
): Promise<void> {
  await Promise.all(cluster.nodes.map((node, place) => node.start(addresses[place])));
  const keepers = cluster.keepAll(masters);
  await untilWhole(cluster);
  await keepers.stop();
}

/** Waits until every server says that all slots have a master that answers. */
export async function untilWhole({ links }: TestCluster): Promise<void> {
  await eventually('the cluster is whole', async () => {
    const states = await Promise.all(links.map((link) => link.text('CLUSTER', 'INFO')));
    return states.every((state) => /cluster_state:ok[^]*cluster_slots_ok:16384/.test(state)) ? true : undefined;
  });
}

interface NodeOptions {
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly program: readonly string[];
  readonly aclFile: string | undefined;
  readonly options: TestClusterOptions;
}

function createNode({ host, port, folder, program, aclFile, options }: NodeOptions): TestNode {
  const admin = options.acl?.admin;
  // Where its name leads to: DNS follows a pod likewise.
  let address = '127.0.0.1';
  const link = openLink({
    endpoint: { host, port },
    credentials: () => admin,
    resolve: async () => address,
  });
  const [command = '', ...prefix] = program;
  let child: ChildProcess | undefined;
  let output = '';
  let isEnding = false;
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    isEnding = true;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    await exited;
  };
  const node: TestNode = {
    port,
    link,
    folder,
    start: async (ip = '127.0.0.1') => {
      address = ip;
      isEnding = false;
      const settings = {
        port: String(port),
        bind: ip,
        dir: folder,
        appendonly: 'yes',
        save: '',
        'cluster-enabled': 'yes',
        'cluster-node-timeout': String(NODE_TIMEOUT_MS),
        'cluster-allow-replica-migration': 'no',
        'cluster-require-full-coverage': 'no',
        'cluster-announce-ip': ip,
        'cluster-announce-hostname': host,
        'cluster-preferred-endpoint-type': 'hostname',
        'cluster-port': String(port + BUS_OFFSET),
        'repl-diskless-sync-delay': '0',
        'repl-ping-replica-period': '1',
        ...(aclFile === undefined ? {} : { aclfile: aclFile }),
        ...(admin === undefined ? {} : { masteruser: admin.username, masterauth: admin.password }),
        ...options.settings,
      };
      const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
      const started = spawn(command, [...prefix, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      child = started;
      started.stdout.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
      const failed = once(started, 'exit').then(() => {
        throw new Error(`Starting ${command} at port ${port}: it ended\n${output}`);
      });
      failed.catch(() => undefined);
      const answers = async () => ((await link.text('PING')) === 'PONG' ? true : undefined);
      await Promise.race([eventually(`Starting ${command} at port ${port}`, answers), failed]);
      // As a kubelet does with one that ends by itself: Redis 8.0 may abort when a master changes while slots are moved.
      const startAgain = () => {
        if (!isEnding && child === started) node.start(ip).catch(() => undefined);
      };
      if (started.exitCode === null && started.signalCode === null) started.once('exit', startAgain);
      else startAgain();
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    loseVolume: async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
    },
  };
  return node;
}
