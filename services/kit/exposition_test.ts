// What every service of the kit exposes: metrics.txt, and what the Jsonnet library takes for granted of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';
import { checkExposed } from '../../tools/monitoring/scrape.ts';
import { CALL_BUCKETS } from './metrics.ts';

test('metrics.txt has what the smallest service exposes', { timeout: 60_000 }, () =>
  checkExposed({
    program: process.env['MINIMAL_PROGRAM'],
    list: new URL('metrics.txt', import.meta.url),
  }),
);

test('objectives name bounds that histograms of calls have', () => {
  const library = readFileSync(runfile('fathom/jsonnet/slo.libsonnet'), 'utf8');
  const [, bounds = ''] = /^local BOUNDS = \[(.*)\];$/m.exec(library) ?? [];
  assert.deepEqual(bounds.split(', ').map(Number), CALL_BUCKETS);
});
