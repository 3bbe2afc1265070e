import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expositionText, figuresOf } from './figures.ts';
import { parseInfo } from './nodes.ts';

const INFO = parseInfo(
  '# Server\r\nuptime_in_seconds:7\r\n# Memory\r\nused_memory:1024\r\nrole:slave\r\nmaster_link_status:down\r\ndb0:keys=12,expires=1,avg_ttl=0',
);
const CLUSTER = parseInfo('cluster_state:ok\r\ncluster_slots_fail:0');

test('tells figures in the text format, those that Redis does not say left out', () => {
  const text = expositionText(figuresOf({ info: INFO, cluster: CLUSTER }));
  const values = Object.fromEntries(
    text
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.split(' ')),
  );
  assert.deepEqual(values, {
    redis_up: '1',
    redis_db_keys: '12',
    redis_uptime_in_seconds: '7',
    redis_memory_used_bytes: '1024',
    redis_cluster_slots_fail: '0',
    redis_cluster_state: '1',
    redis_master: '0',
    redis_master_link_up: '0',
  });
  assert.match(text, /^# HELP redis_up Whether it answers\.\n# TYPE redis_up gauge\nredis_up 1\n/);
});

test('tells of a Redis that does not answer only that', () => {
  assert.deepEqual(
    figuresOf(undefined).map(({ name, value }) => [name, value]),
    [['redis_up', 0]],
  );
});

test('names each figure once', () => {
  const names = figuresOf({ info: INFO, cluster: CLUSTER }).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
