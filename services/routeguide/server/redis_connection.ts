// A connection to Redis that comes back by itself, and says when the store can be used.
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Address, Logger } from '../../kit/index.ts';

/** Options of {@link connectRedis}. */
export interface RedisConnectionOptions {
  readonly log: Logger;
  /** Run at each new connection, and repeated until it succeeds: brings the store into the state that calls need. */
  readonly prepare: () => Promise<void>;
  /** Called with true when `prepare` has succeeded, with false when the connection is lost. */
  readonly onReady: (ready: boolean) => void;
}

const MAX_RETRY_MS = 2000;

function retryMs(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), MAX_RETRY_MS) * (0.8 + 0.4 * Math.random());
}

/**
 * A client that is not connected yet. Its commands fail at once while there is no connection: a caller that waits in
 * a queue learns nothing, and a note that is sent again might be kept twice.
 */
export function createRedis({ host, port }: Address): Redis {
  return new Redis({
    host,
    port,
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 2000,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: retryMs,
  });
}

/** Connects `redis`, now or as soon as it is there, and again whenever the connection is lost. */
export function connectRedis(redis: Redis, { log, prepare, onReady }: RedisConnectionOptions): void {
  const prepareUntilDone = async () => {
    for (let attempt = 1; redis.status === 'ready'; attempt++) {
      try {
        await prepare();
        // The connection may have been lost in the meantime; the next one prepares again.
        if (redis.status === 'ready') onReady(true);
        return;
      } catch (error) {
        log.warn({ err: error, attempt }, 'preparing the store failed');
        await delay(retryMs(attempt), undefined, { ref: false });
      }
    }
  };
  let lastProblem = '';
  redis.on('error', (error: NodeJS.ErrnoException) => {
    const problem = error.code ?? error.message;
    if (problem !== lastProblem) log.warn({ problem }, 'redis cannot be reached');
    lastProblem = problem;
  });
  redis.on('close', () => onReady(false));
  redis.on('ready', () => {
    lastProblem = '';
    log.info('connected to redis');
    void prepareUntilDone();
  });
  // The first failure is reported by the error event, and tried again like any other.
  redis.connect().catch(() => undefined);
}
