// A client of a Redis Cluster that comes back by itself, and says when the store can be used.
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, type ClusterOptions, Redis } from 'ioredis';
import type { Address, Logger } from '../../kit/index.ts';

/** Options of {@link createRedis}. */
export interface RedisOptions {
  /** Any server of the cluster: it tells where the others are. */
  readonly address: Address;
  /** Default: that of Redis, `default`. */
  readonly username?: string;
  /** Default: none. */
  readonly password?: string | undefined;
  /** After how long a command is given up that a server does not answer, in milliseconds. Default: 2000. */
  readonly commandTimeoutMs?: number;
  /** Default: names are looked for by DNS. */
  readonly dnsLookup?: NonNullable<ClusterOptions['dnsLookup']>;
}

/** Options of {@link connectRedis}. */
export interface RedisConnectionOptions {
  readonly log: Logger;
  /** Says why there is no connection, which a cluster's client keeps to itself. Default: its own words. */
  readonly probe?: () => Promise<string | undefined>;
  /**
   * Run at each new connection, and repeated until it succeeds: brings the store into the state that calls need.
   * Default: it needs nothing.
   */
  readonly prepare?: () => Promise<void>;
  /** Called with true when `prepare` has succeeded, with false when no server of the cluster is reached any more. */
  readonly onReady: (ready: boolean) => void;
}

const MAX_RETRY_MS = 2000;

/** How long to wait before a repetition: longer each time, and not all callers at once. `attempt`: counted from 1. */
export function retryMs(attempt: number, maxMs = MAX_RETRY_MS): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 16), maxMs) * (0.8 + 0.4 * Math.random());
}

/**
 * A client that is not connected yet. Its commands fail soon where no server can do them: the store repeats them as
 * long as its caller waits, and knows which may be repeated.
 */
export function createRedis(options: RedisOptions): Cluster {
  const { address, username, password, commandTimeoutMs = 2000, dnsLookup } = options;
  const cluster = new Cluster([address], {
    lazyConnect: true,
    enableOfflineQueue: false,
    // Moved slots are followed at once; for a server that is away, the store waits.
    maxRedirections: 4,
    retryDelayOnFailover: 100,
    retryDelayOnClusterDown: 100,
    retryDelayOnTryAgain: 50,
    slotsRefreshTimeout: 2000,
    clusterRetryStrategy: (attempt) => retryMs(attempt),
    ...(dnsLookup === undefined ? {} : { dnsLookup }),
    redisOptions: {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      connectTimeout: 2000,
      commandTimeout: commandTimeoutMs,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    },
  });
  survivePassingSlots(cluster);
  return cluster;
}

/**
 * Has a process outlive a connection that is lost while slots move. ioredis sends ASKING ahead of a command whose slot
 * is on its way, and handles no rejection of that (`tryConnection` in lib/cluster/index.ts of
 * https://github.com/redis/ioredis at 6.0.0; to be removed when it does): the command itself is repeated, and node would
 * end the process all the same.
 */
export function survivePassingSlots(cluster: Cluster): void {
  cluster.on('+node', (node: Redis) => {
    const asking = node.asking.bind(node);
    node.asking = (...args: Parameters<Redis['asking']>) => {
      const answer = asking(...args);
      answer.catch(() => undefined);
      return answer;
    };
  });
}

/** Why the server at an address doesn't answer its user; undefined: it does. */
export async function probeRedis({ address, username, password }: RedisOptions): Promise<string | undefined> {
  const redis = new Redis({
    ...address,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 2000,
    commandTimeout: 2000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let problem: NodeJS.ErrnoException | undefined;
  redis.on('error', (error: NodeJS.ErrnoException) => (problem ??= error));
  try {
    const state = /cluster_state:(\w+)/.exec(String(await redis.cluster('INFO')))?.[1];
    return state === 'ok' ? undefined : `cluster_state is ${state ?? 'unknown'}`;
  } catch (error) {
    const cause = problem ?? (error as NodeJS.ErrnoException);
    return cause.code ?? cause.message;
  } finally {
    redis.disconnect();
  }
}

/** Connects `redis`, now or as soon as it is there, and again whenever all connections are lost. */
export function connectRedis(redis: Cluster, { log, probe, prepare, onReady }: RedisConnectionOptions): void {
  let isPreparing = false;
  const prepareUntilDone = async () => {
    if (isPreparing) return;
    isPreparing = true;
    for (let attempt = 1; redis.status === 'ready'; attempt++) {
      try {
        await prepare?.();
        // The connections may have been lost in the meantime; the next ones prepare again.
        if (redis.status === 'ready') onReady(true);
        break;
      } catch (error) {
        log.warn({ err: error, attempt }, 'preparing the store failed');
        await delay(retryMs(attempt), undefined, { ref: false });
      }
    }
    isPreparing = false;
  };
  let lastProblem: string | undefined;
  const report = async (error: NodeJS.ErrnoException) => {
    const problem = (await probe?.()) ?? error.code ?? error.message;
    if (problem !== lastProblem && redis.status !== 'ready') log.warn({ problem }, 'redis cannot be reached');
    lastProblem = problem;
  };
  redis.on('error', (error: NodeJS.ErrnoException) => void report(error));
  redis.on('close', () => onReady(false));
  redis.on('ready', () => {
    lastProblem = undefined;
    log.info('connected to redis');
    void prepareUntilDone();
  });
  // The first failure is reported by the error event, and tried again like any other.
  redis.connect().catch(() => undefined);
}
