// What refuses calls: the adaptive limit, load shedding, and quotas.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ServiceError, Metadata, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { AdaptiveLimit } from './adaptive_limit.ts';
import { loadShedding } from './load_shedding.ts';
import { createMetrics } from './metrics.ts';
import type { CallObserver } from './observed_call.ts';
import { MAX_CALLERS, quotas, TokenBuckets } from './quotas.ts';
import { EchoClient, type EchoWork, startEcho } from './testing/echo.ts';

describe('the adaptive limit', () => {
  /** A server that handles `capacity` calls at a time in `baseMs`; more wait. Calls come as fast as they are let in. */
  function simulate(
    limit: AdaptiveLimit,
    clock: { ms: number },
    options: { capacity: number; baseMs: number; rounds: number },
  ) {
    for (let round = 0; round < options.rounds; round++) {
      let begun = 0;
      while (limit.acquire()) begun += 1;
      const tookMs = options.baseMs * Math.max(1, begun / options.capacity);
      clock.ms += tookMs;
      for (let index = 0; index < begun; index++) limit.release(tookMs);
    }
  }
  const create = (options: { max: number; initial?: number }) => {
    const clock = { ms: 0 };
    return { clock, limit: new AdaptiveLimit({ ...options, nowMs: () => clock.ms }) };
  };
  test('grows to the maximum while calls take as long as ever', () => {
    const { limit, clock } = create({ max: 500 });
    simulate(limit, clock, { capacity: 100_000, baseMs: 110, rounds: 500 });
    assert.equal(limit.limit, 500);
  });
  test('shrinks when calls take longer, but not below the minimum', () => {
    const { limit, clock } = create({ max: 500, initial: 400 });
    simulate(limit, clock, { capacity: 100_000, baseMs: 110, rounds: 60 });
    const before = limit.limit;
    simulate(limit, clock, { capacity: 100_000, baseMs: 1100, rounds: 30 });
    assert.ok(limit.limit < before / 2, `${before} → ${limit.limit}`);
    simulate(limit, clock, { capacity: 1, baseMs: 5000, rounds: 30 });
    assert.ok(limit.limit >= 20);
  });
  test('grows again after an overload', () => {
    const { limit, clock } = create({ max: 500, initial: 400 });
    simulate(limit, clock, { capacity: 100_000, baseMs: 110, rounds: 60 });
    simulate(limit, clock, { capacity: 100_000, baseMs: 2000, rounds: 30 });
    const low = limit.limit;
    simulate(limit, clock, { capacity: 100_000, baseMs: 110, rounds: 300 });
    assert.ok(limit.limit > 2 * low, `${low} → ${limit.limit}`);
  });
  test('stays where it is while there is little to do', () => {
    const { limit, clock } = create({ max: 500 });
    for (let index = 0; index < 1000; index++) {
      assert.ok(limit.acquire());
      clock.ms += 200;
      limit.release(index % 2 === 0 ? 1 : 1000);
    }
    assert.equal(limit.limit, 100);
  });
  test('counts a call that was cancelled, and learns nothing of it', () => {
    const { limit, clock } = create({ max: 1 });
    assert.ok(limit.acquire());
    assert.ok(!limit.acquire());
    clock.ms += 1000;
    limit.release(undefined);
    assert.equal(limit.inFlight, 0);
    assert.ok(limit.acquire());
  });
});

describe('token buckets', () => {
  const create = (perSecond: number, burst: number) => {
    const clock = { ms: 0 };
    return { clock, buckets: new TokenBuckets({ perSecond, burst, nowMs: () => clock.ms }) };
  };
  test('let a burst through, then as many as are due, and say when the next one is', () => {
    const { clock, buckets } = create(10, 3);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => buckets.take('a')),
      [0, 0, 0, 100],
    );
    clock.ms += 50;
    assert.equal(buckets.take('a'), 50);
    clock.ms += 50;
    assert.equal(buckets.take('a'), 0);
    clock.ms += 60_000;
    assert.deepEqual(
      [1, 2, 3, 4].map(() => buckets.take('a')),
      [0, 0, 0, 100],
    );
  });
  test('are one for each caller', () => {
    const { buckets } = create(1, 1);
    assert.deepEqual([buckets.take('a'), buckets.take('b')], [0, 0]);
    assert.equal(buckets.take('a'), 1000);
  });
  test('forget who has not called for longest, and nobody else', () => {
    const { buckets } = create(0.001, 1);
    assert.equal(buckets.take('first'), 0);
    for (let index = 0; index < 3 * MAX_CALLERS; index++) {
      buckets.take(`caller ${index}`);
      if (index % 1000 === 0) assert.ok(buckets.take('first') > 0);
    }
    assert.equal(buckets.size, MAX_CALLERS);
    assert.equal(buckets.take('caller 0'), 0);
  });
});

/** What google/rpc/status.proto and error_details.proto say, read by another library than the one that writes. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
`);

/** The milliseconds of the RetryInfo of an error, and those of its pushback. */
function retryMs(error: ServiceError): readonly [number, number] {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  assert.ok(Buffer.isBuffer(bytes));
  const decoded = root.lookupType('Status').decode(bytes).toJSON() as {
    code: number;
    message: string;
    details: { typeUrl: string; value: string }[];
  };
  assert.equal(decoded.code, status.RESOURCE_EXHAUSTED);
  assert.equal(decoded.message, error.details);
  const [any] = decoded.details;
  assert.equal(any?.typeUrl, 'type.googleapis.com/google.rpc.RetryInfo');
  const info = root.lookupType('RetryInfo').decode(Buffer.from(any.value, 'base64')).toJSON() as {
    retryDelay: { seconds?: string; nanos?: number };
  };
  const delayMs = Number(info.retryDelay.seconds ?? 0) * 1000 + (info.retryDelay.nanos ?? 0) / 1e6;
  return [delayMs, Number(error.metadata.get('grpc-retry-pushback-ms')[0])];
}

async function withLimits(
  observer: CallObserver,
  work: Partial<EchoWork>,
  run: (client: EchoClient, port: number) => Promise<void>,
) {
  const server = await startEcho(work, { observers: [observer] });
  const client = new EchoClient(server.port);
  try {
    await run(client, server.port);
  } finally {
    client.close();
    await server.drain(0);
  }
}

const refusal = (call: Promise<unknown>): Promise<ServiceError> =>
  call.then(
    () => assert.fail('the call was not refused'),
    (error: unknown) => error as ServiceError,
  );

test(
  'a server with too much to do refuses, says when to come back, and goes on with what it has',
  { timeout: 20_000 },
  async () => {
    const metrics = createMetrics();
    const waiting: (() => void)[] = [];
    const say = (text: string) => new Promise<string>((resolve) => waiting.push(() => resolve(text)));
    await withLimits(loadShedding({ maxConcurrency: 5, metrics }), { say }, async (client) => {
      const running = Array.from({ length: 5 }, (_, index) => client.say(`call ${index}`));
      while (waiting.length < 5) await new Promise((resolve) => setImmediate(resolve));
      const error = await refusal(client.say('one too many'));
      assert.equal(error.code, status.RESOURCE_EXHAUSTED);
      const [delayMs, pushbackMs] = retryMs(error);
      assert.ok(delayMs >= 200 && delayMs <= 401, `${delayMs}`);
      assert.equal(pushbackMs, delayMs);
      for await (const text of client.repeat('a stream')) assert.match(text as string, /^a stream/);
      const text = await metrics.metrics();
      assert.match(text, /^grpc_server_concurrency_limit 5$/m);
      assert.match(text, /^grpc_server_shed_total 1$/m);
      for (const finish of waiting) finish();
      assert.equal((await Promise.all(running)).length, 5);
      const next = client.say('next');
      while (waiting.length < 6) await new Promise((resolve) => setImmediate(resolve));
      waiting[5]?.();
      assert.equal((await next).text, 'next');
    });
  },
);

test('a caller that calls too often is refused, others are not', { timeout: 20_000 }, async () => {
  const clock = { ms: 0 };
  const metrics = createMetrics();
  const options = { perSecond: 0.5, burst: 2, metadataKey: 'x-caller', metrics, nowMs: () => clock.ms };
  await withLimits(quotas(options), {}, async (client) => {
    const as = (caller: string) => {
      const metadata = new Metadata();
      metadata.set('x-caller', caller);
      return client.say('a', metadata);
    };
    await as('ada');
    await as('ada');
    const error = await refusal(as('ada'));
    assert.equal(error.details, 'more than 0.5 calls a second of one caller');
    assert.deepEqual(retryMs(error), [2000, 2000]);
    await as('bob');
    clock.ms += 2000;
    await as('ada');
    assert.match(await metrics.metrics(), /^grpc_server_over_quota_total 1$/m);
  });
});

test('without a key callers are told apart by their address', { timeout: 20_000 }, () =>
  withLimits(quotas({ perSecond: 0.001, burst: 1 }), {}, async (client, port) => {
    await client.say('a');
    const other = new EchoClient(port);
    assert.equal((await refusal(other.say('a'))).code, status.RESOURCE_EXHAUSTED);
    other.close();
  }),
);
