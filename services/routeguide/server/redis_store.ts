// Features and notes in Redis. Keys: `routeguide:feature:<point>` (JSON of one feature), `routeguide:notes:<point>`
// (list of messages, oldest first), `routeguide:features` (every feature's point, sorted by latitude),
// `routeguide:data-set` (digest of the features that were filled in). A point is `<latitude>:<longitude>`, both E7.
import type { Redis } from 'ioredis';
import type { FeatureSet } from './features.ts';
import { type Area, contains, type Feature, type Note, type Point, type Store } from './routeguide.ts';

/** The store can't be reached, or can't answer for now. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

const PREFIX = 'routeguide:';
const INDEX = `${PREFIX}features`;
const DATA_SET = `${PREFIX}data-set`;
const NOTES_KEPT = 10;
const NOTES_KEPT_SECONDS = 3600;
const PAGE = 100;

// Replies by which a Redis that answers says that it can't serve; any other error reply is a defect of ours.
const UNAVAILABLE_REPLIES = new Set(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'OOM', 'MISCONF', 'BUSY']);

// Fills the store in one step, unless it holds this data set already: several servers may start at the same time,
// and a feature that was deleted since stays deleted. KEYS: data set, index. ARGV: digest, prefix, then (point,
// latitude, JSON) of each feature.
const FILL = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return 0 end
for _, point in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do redis.call('DEL', ARGV[2] .. point) end
redis.call('DEL', KEYS[2])
for i = 3, #ARGV, 3 do
  redis.call('SET', ARGV[2] .. ARGV[i], ARGV[i + 2])
  redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
redis.call('SET', KEYS[1], ARGV[1])
return 1`;

function pointKey({ latitudeE7, longitudeE7 }: Point): string {
  return `${latitudeE7}:${longitudeE7}`;
}

/** The key under which the feature at `point` is kept. */
export function featureKey(point: Point): string {
  return `${PREFIX}feature:${pointKey(point)}`;
}

function pointOf(key: string): Point {
  const [latitude, longitude] = key.split(':');
  return { latitudeE7: Number(latitude), longitudeE7: Number(longitude) };
}

function unavailable(error: unknown): unknown {
  const isReply = error instanceof Error && error.name === 'ReplyError';
  if (isReply && !UNAVAILABLE_REPLIES.has(error.message.split(' ', 1)[0] ?? '')) return error;
  return new StoreUnavailableError('the store cannot be reached', { cause: error });
}

/** The store of the route guide in Redis; every method throws StoreUnavailableError while Redis can't serve. */
export class RedisStore implements Store {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Makes the store hold `set`; returns whether it did not yet. */
  async fill(set: FeatureSet): Promise<boolean> {
    const parts = set.features.flatMap((feature) => [
      pointKey(feature.location),
      String(feature.location.latitudeE7),
      JSON.stringify(feature),
    ]);
    const filled: unknown = await this.#ask((redis) =>
      redis.eval(FILL, 2, DATA_SET, INDEX, set.digest, `${PREFIX}feature:`, ...parts),
    );
    return filled === 1;
  }

  async getFeature(point: Point): Promise<Feature | undefined> {
    const text = await this.#ask((redis) => redis.get(featureKey(point)));
    return text === null ? undefined : (JSON.parse(text) as Feature);
  }

  async *listFeatures(area: Area): AsyncGenerator<Feature> {
    for (let offset = 0; ; offset += PAGE) {
      const page = await this.#ask((redis) =>
        redis.zrangebyscore(INDEX, area.south, area.north, 'LIMIT', offset, PAGE),
      );
      const points = page.map(pointOf).filter((point) => contains(area, point));
      const texts = points.length === 0 ? [] : await this.#ask((redis) => redis.mget(points.map(featureKey)));
      for (const text of texts) if (text !== null) yield JSON.parse(text) as Feature;
      if (page.length < PAGE) return;
    }
  }

  async addNote({ location, message }: Note): Promise<readonly Note[]> {
    const key = `${PREFIX}notes:${pointKey(location)}`;
    const replies = await this.#ask((redis) =>
      redis
        .multi()
        .lrange(key, 0, -1)
        .rpush(key, message)
        .ltrim(key, -NOTES_KEPT, -1)
        .expire(key, NOTES_KEPT_SECONDS)
        .exec(),
    );
    const failed = replies?.find(([error]) => error !== null)?.[0];
    if (failed !== undefined) throw unavailable(failed);
    const earlier = (replies?.[0]?.[1] ?? []) as readonly string[];
    return earlier.map((text) => ({ location, message: text }));
  }

  async #ask<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.#redis);
    } catch (error) {
      throw unavailable(error);
    }
  }
}
