// Fifty services at once: every scrape of each is taken in time, no rule is late, and monitoring stays small.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, kubectl, person } from '../../../services/routeguide/e2e/cluster.ts';
import { MAX_BYTES, type Prometheus, connect, memoryOfMonitoring } from './prometheus.ts';

const SERVICES = 50;
const WATCHED_MINUTES = 5;
/** Every 30 s; what the ends of the time cut off is one. */
const LEAST_SCRAPES = WATCHED_MINUTES * 2 - 1;

const { verb, namespace } = person('fifty');
let prometheus: Prometheus;

before(async () => {
  const monitoring = await verb('prod/prod.apply', '--yes');
  assert.equal(monitoring.status, 0, monitoring.stdout + monitoring.stderr);
  const services = await verb('prod/monitoring/e2e/fifty/services.apply', '--yes', '--timeout=280s');
  assert.equal(services.status, 0, services.stdout + services.stderr);
  prometheus = await connect();
});

after(async () => {
  prometheus?.close();
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
});

test('each of them is scraped steadily', { timeout: 900_000 }, async () => {
  const up = `up{namespace="${namespace}"}`;
  await eventually(
    'every service is a target that is up',
    async () => ((await prometheus.query(`${up} == 1`)).length === SERVICES ? true : undefined),
    300_000,
  );
  await sleep((WATCHED_MINUTES * 60 + 15) * 1000);
  const window = `[${WATCHED_MINUTES}m]`;
  const least = await prometheus.query(`min_over_time(${up}${window})`);
  assert.deepEqual(
    least,
    Array.from({ length: SERVICES }, () => 1),
  );
  const scrapes = await prometheus.query(`count_over_time(${up}${window})`);
  assert.ok(Math.min(...scrapes) >= LEAST_SCRAPES, `scrapes of each: ${scrapes.join(', ')}`);
  const [slowest = NaN] = await prometheus.query(
    `max(max_over_time(scrape_duration_seconds{namespace="${namespace}"}${window}))`,
  );
  console.log(
    `${scrapes.length} services, ${Math.min(...scrapes)} scrapes of each or more, the slowest took ${slowest} s`,
  );
  assert.ok(slowest < 10, `the slowest scrape took ${slowest} s`);
});

test('no evaluation of a rule is left out', { timeout: 60_000 }, async () => {
  const [groups = 0] = await prometheus.query(`count(prometheus_rule_group_rules{rule_group=~".*/${namespace}-.*"})`);
  assert.ok(groups >= SERVICES, `${groups} groups of rules`);
  const missed = await prometheus.query(
    `sum(increase(prometheus_rule_group_iterations_missed_total[${WATCHED_MINUTES}m]))`,
  );
  assert.deepEqual(missed, [0]);
});

test('monitoring has less than 1.5 GiB with them', { timeout: 60_000 }, async () => {
  const bytes = await memoryOfMonitoring();
  assert.ok(bytes > 0 && bytes < MAX_BYTES, `${bytes} bytes`);
});
