// Features and notes in a Redis Cluster, by the keys of redis_keys.ts.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from 'ioredis';
import type { FeatureSet } from './features.ts';
import { merged } from './merge.ts';
import { retryMs } from '../../redis/client/connection.ts';
import { featureKey, notesKey, parsePoint, partKeys, partOf, PARTS, pointText } from './redis_keys.ts';
import { ADD_NOTE, FILL } from './redis_scripts.ts';
import { type Area, contains, type Feature, type Note, type Point, type Store, type StoreCall } from './routeguide.ts';

/** The store can't be reached, or can't answer for now. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

const NOTES_KEPT = 10;
const NOTES_KEPT_SECONDS = 3600;
const PAGE = 100;
/** How long a caller without a deadline waits for a server that comes back. */
const PATIENCE_MS = 10_000;
/** What is left of a deadline when the last try ends: the answer has a way to go. */
const ANSWER_MS = 50;
/** Tries may not be further apart than this: a vote takes a few seconds, and callers wait for its end. */
const MAX_RETRY_MS = 500;
const WAIT_MS = 1000;

// Replies by which a Redis that answers says that it can't serve; any other error reply is a defect of ours.
const UNAVAILABLE_REPLIES = new Set([
  ...['ASK', 'BUSY', 'CLUSTERDOWN', 'LOADING', 'MASTERDOWN', 'MISCONF', 'MOVED', 'NOAUTH', 'NOREPLICAS', 'OOM'],
  ...['READONLY', 'TRYAGAIN', 'WRONGPASS'],
]);

function unavailable(error: unknown): unknown {
  if (error instanceof StoreUnavailableError) return error;
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !UNAVAILABLE_REPLIES.has(error.message.split(' ', 1)[0] ?? '')) return error;
  return new StoreUnavailableError('the store cannot be reached', { cause: error });
}

/** Options of {@link RedisStore}. */
export interface RedisStoreOptions {
  readonly redis: Cluster;
  /** How many replicas must have a note before it is acknowledged. Default: 0. */
  readonly waitReplicas?: number;
  /**
   * The client by which such notes are written: WAIT stops all that comes after it on a connection. Must be there where
   * `waitReplicas` is not 0.
   */
  readonly waiting?: Cluster;
}

/**
 * The store of the route guide in Redis. Every method repeats what a server that is away could not do, until the call's
 * deadline, and throws StoreUnavailableError then. Every command may be repeated.
 */
export class RedisStore implements Store {
  readonly #redis: Cluster;
  readonly #waiting: Cluster;
  readonly #waitReplicas: number;

  constructor({ redis, waitReplicas = 0, waiting = redis }: RedisStoreOptions) {
    this.#redis = redis;
    this.#waiting = waiting;
    this.#waitReplicas = waitReplicas;
  }

  /** Makes the store hold `set`; returns whether any part of it did not yet. */
  async fill(set: FeatureSet, call?: StoreCall): Promise<boolean> {
    const filled = await Promise.all(
      Array.from({ length: PARTS }, async (_, part) => {
        const values = set.features
          .filter(({ location }) => partOf(location) === part)
          .flatMap((feature) => [
            pointText(feature.location),
            String(feature.location.latitudeE7),
            JSON.stringify(feature),
          ]);
        const { dataSet, index, featurePrefix } = partKeys(part);
        return this.#ask(call, () => this.#redis.eval(FILL, 2, dataSet, index, set.digest, featurePrefix, ...values));
      }),
    );
    return filled.includes(1);
  }

  async getFeature(point: Point, call?: StoreCall): Promise<Feature | undefined> {
    const text = await this.#ask(call, () => this.#redis.get(featureKey(point)));
    return text === null ? undefined : (JSON.parse(text) as Feature);
  }

  listFeatures(area: Area, call?: StoreCall): AsyncIterable<Feature> {
    const parts = Array.from({ length: PARTS }, (_, part) => this.#listPart(part, area, call));
    return merged(parts, (a, b) => a.location.latitudeE7 - b.location.latitudeE7);
  }

  async *#listPart(part: number, area: Area, call: StoreCall | undefined): AsyncGenerator<Feature> {
    const { index, featurePrefix } = partKeys(part);
    for (let offset = 0; ; offset += PAGE) {
      const page = await this.#ask(call, () =>
        this.#redis.zrangebyscore(index, area.south, area.north, 'LIMIT', offset, PAGE),
      );
      const keys = page.filter((point) => contains(area, parsePoint(point))).map((point) => `${featurePrefix}${point}`);
      const texts = keys.length === 0 ? [] : await this.#ask(call, () => this.#redis.mget(keys));
      for (const text of texts) if (text !== null) yield JSON.parse(text) as Feature;
      if (page.length < PAGE) return;
    }
  }

  async addNote({ location, message }: Note, call?: StoreCall): Promise<readonly Note[]> {
    const id = `${randomBytes(9).toString('base64url')}:`;
    const key = notesKey(location);
    const values = [id, message, NOTES_KEPT, NOTES_KEPT_SECONDS] as const;
    const earlier = await this.#ask(call, () =>
      this.#waitReplicas === 0 ? this.#redis.eval(ADD_NOTE, 1, key, ...values) : this.#addAndWait(key, values),
    );
    return (earlier as readonly string[]).map((text) => ({ location, message: text.slice(id.length) }));
  }

  /** Adds a note, and waits on the same connection until enough replicas have it. */
  async #addAndWait(key: string, values: readonly (string | number)[]): Promise<unknown> {
    const pipeline = this.#waiting.pipeline();
    const replies = await pipeline
      .eval(ADD_NOTE, 1, key, ...values)
      .wait(this.#waitReplicas, WAIT_MS)
      .exec();
    const [added, waited] = replies ?? [];
    const error = added?.[0] ?? waited?.[0];
    if (error !== undefined && error !== null) throw error;
    const count = Number(waited?.[1] ?? 0);
    if (count >= this.#waitReplicas) return added?.[1];
    throw new StoreUnavailableError(`the note is on ${count} of ${this.#waitReplicas} replicas`);
  }

  /** Runs a command that may be repeated. */
  async #ask<T>(call: StoreCall | undefined, command: () => Promise<T>): Promise<T> {
    const untilMs = Math.min(call?.deadlineMs ?? Infinity, Date.now() + PATIENCE_MS) - ANSWER_MS;
    let last = new StoreUnavailableError('the store does not answer in time');
    for (let attempt = 1; ; attempt++) {
      try {
        return await before(untilMs, command(), last);
      } catch (cause) {
        const error = unavailable(cause);
        const waitMs = retryMs(attempt, MAX_RETRY_MS);
        if (!(error instanceof StoreUnavailableError) || Date.now() + waitMs > untilMs) throw error;
        last = error;
        // What has failed may have another master by now.
        for (const redis of new Set([this.#redis, this.#waiting])) {
          if (redis.status === 'ready') redis.refreshSlotsCache(() => undefined);
        }
        await delay(waitMs, undefined, call?.signal === undefined ? {} : { signal: call.signal }).catch(() => {
          throw error;
        });
      }
    }
  }
}

/** What `work` resolves with; `late` where it takes longer than until `untilMs`. */
async function before<T>(untilMs: number, work: Promise<T>, late: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), Math.max(0, untilMs - Date.now()));
  });
  // It may fail when nobody waits any more.
  work.catch(() => undefined);
  return Promise.race([work, end]).finally(() => clearTimeout(timer));
}
