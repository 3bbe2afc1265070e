import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { metricsList, parseMetricsList } from './exposition.ts';

describe('lists of metrics', () => {
  const exposition = [
    '# HELP calls_total Calls.',
    '# TYPE calls_total counter',
    'calls_total{method="Get",code="OK"} 3',
    'calls_total{method="Put"} 1',
    'handled_total{grpc_method="Put"} 0',
    'handled_total{grpc_method="Get"} 0',
    '# TYPE took histogram',
    'took_bucket{le="0.1",method="a\\"b"} 1',
    'took_bucket{le="+Inf",method="a"} 2',
    'took_bucket{le="10",method="a"} 2',
    'took_sum 0.3',
    'took_count 2',
    '# TYPE later histogram',
    '# TYPE never gauge',
    '',
  ].join('\n');
  const list = [
    'calls_total{code,method}',
    'handled_total{grpc_method=Get|Put}',
    'later_bucket{*}',
    'later_count{*}',
    'later_sum{*}',
    'never{*}',
    'took_bucket{le=0.1|10|+Inf,method}',
    'took_count',
    'took_sum',
    '',
  ].join('\n');
  test('are made of what was scraped', () => assert.equal(metricsList(exposition), list));
  test('are read again', () => {
    const known = parseMetricsList(list, 'metrics.txt');
    assert.deepEqual(known.get('took_bucket')?.labels?.get('le'), ['0.1', '10', '+Inf']);
    assert.equal(known.get('never')?.labels, undefined);
    assert.deepEqual([...(known.get('took_sum')?.labels ?? [1])], []);
  });
  test('are refused by file and line', () =>
    assert.throws(() => parseMetricsList('up\n3 times\n', 'metrics.txt'), {
      code: 'METRICS_LIST_INVALID',
      message: "Reading metrics.txt:2: '3 times' is no metric with its labels",
    }));
  test('of a cluster can be read', () => {
    const folder = runfile('fathom/tools/monitoring/metrics');
    for (const name of readdirSync(folder))
      assert.ok(parseMetricsList(readFileSync(join(folder, name), 'utf8'), name).size > 5, name);
  });
});
