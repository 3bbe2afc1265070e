// What docs/kit.md lists is what there is: settings with their defaults, metrics, options of clients.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientMetrics } from './client_metrics.ts';
import type { CreateClientOptions } from './client.ts';
import type { Settings } from './config.ts';
import { GRPC_SETTINGS } from './grpc_settings.ts';
import { loadShedding } from './load_shedding.ts';
import { createMetrics, metricNames } from './metrics.ts';
import { quotas } from './quotas.ts';
import { serverMetrics } from './server_metrics.ts';
import { PROCESS_SETTINGS } from './service.ts';
import { CLIENT_TLS_SETTINGS } from './tls.ts';

const runfiles = process.env['RUNFILES_DIR'];
const path =
  runfiles === undefined
    ? join(import.meta.dirname, '../../docs/kit.md')
    : join(runfiles, process.env['TEST_WORKSPACE'] ?? '', 'docs/kit.md');
const text = readFileSync(path, 'utf8');

/** The cells of the rows of the table under `heading`, without backticks. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const rows = own.split('\n').filter((line) => line.startsWith('| `'));
  assert.ok(rows.length > 3, heading);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

test('docs/kit.md has every setting with its default', () => {
  const settings: Settings = { ...PROCESS_SETTINGS, ...GRPC_SETTINGS, ...CLIENT_TLS_SETTINGS };
  const known = Object.values(settings).map(({ variable, fallback }) => `${variable} ${String(fallback ?? '')}`);
  const told = rowsOf('Settings').map(([variable, fallback]) => `${variable} ${fallback}`);
  assert.deepEqual(told.toSorted(), [...new Set(known)].toSorted());
});

test('docs/kit.md has every metric of the kit with its labels', async () => {
  const metrics = createMetrics();
  serverMetrics(metrics);
  clientMetrics(metrics);
  loadShedding({ maxConcurrency: 1, metrics });
  quotas({ perSecond: 1, burst: 1, metrics });
  const names = (await metricNames(metrics)).filter((name) => !/^(process|nodejs)_/.test(name));
  assert.deepEqual(
    rowsOf('Metrics')
      .map(([name]) => name)
      .toSorted(),
    names,
  );
  for (const [name = '', labels = ''] of rowsOf('Metrics')) {
    const metric = metrics.getSingleMetric(name) as unknown as { readonly labelNames: readonly string[] };
    const told = labels.split(',').flatMap((label) => (label.trim() === '' ? [] : `grpc_${label.trim()}`));
    assert.deepEqual(told, [...metric.labelNames], name);
  }
  assert.ok((await metricNames(metrics)).includes('nodejs_eventloop_lag_p99_seconds'));
});

test('docs/kit.md has every option of a client', () => {
  // A missing or a further one does not compile.
  const options: Record<keyof CreateClientOptions<never>, true> = {
    address: true,
    credentials: true,
    metrics: true,
    idempotent: true,
    hedging: true,
    deadlineMs: true,
    waitForReady: true,
    maxMessageBytes: true,
    channel: true,
  };
  assert.deepEqual(
    rowsOf('Clients')
      .map(([name]) => name)
      .toSorted(),
    Object.keys(options).toSorted(),
  );
});
