// Which warnings are kept back: those of a real Alertmanager with the rules of ../alertmanager.jsonnet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { eventually } from '../../../tools/lib/testing/eventually.ts';
import { startAlertmanager } from './alertmanager.ts';

type Labels = Readonly<Record<string, string>>;

/** A rule as the operator's kind has it. */
interface InhibitRule {
  readonly sourceMatch: readonly Matcher[];
  readonly targetMatch: readonly Matcher[];
  readonly equal: readonly string[];
}
interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly matchType: string;
}

/** The rules in the words of Alertmanager's file, as the operator writes them. */
function rulesOfManifest(): readonly object[] {
  const manifest = readFileSync(runfile('fathom/prod/monitoring/manifests/alertmanager/configuration.json'), 'utf8');
  const { inhibitRules }: { readonly inhibitRules: readonly InhibitRule[] } = JSON.parse(manifest).spec;
  const textOf = ({ name, matchType, value }: Matcher) => `${name}${matchType}"${value}"`;
  return inhibitRules.map(({ sourceMatch, targetMatch, equal }) => ({
    source_matchers: sourceMatch.map(textOf),
    target_matchers: targetMatch.map(textOf),
    equal,
  }));
}

const burn = (service: string, slo: string, severity: string, window: string): Labels => ({
  ...{ alertname: 'ErrorBudgetBurn', namespace: 'shop', service, slo, severity, window },
});
const ofCluster = (alertname: string, severity: string, more: Labels): Labels => ({
  ...{ alertname, namespace: 'shop', service: 'cluster', severity, ...more },
});

/** What is critical, and the warnings beside it. */
const CRITICAL = [
  burn('web', 'availability', 'critical', '1h'),
  ofCluster('DiskFilling', 'critical', { node: 'a', device: '/dev/sda1' }),
  ofCluster('VolumeFull', 'critical', { persistentvolumeclaim: 'data-0' }),
  ofCluster('Busy', 'critical', { pod: 'web-0', container: 'web' }),
  ofCluster('Down', 'critical', { instance: '10.0.0.1:9464' }),
];
const KEPT_BACK = [
  burn('web', 'availability', 'warning', '1d'),
  ofCluster('DiskFilling', 'warning', { node: 'a', device: '/dev/sda1' }),
];
const TOLD = [
  burn('pay', 'availability', 'warning', '1d'),
  burn('web', 'latency', 'warning', '1d'),
  { ...burn('web', 'availability', 'warning', '1d'), namespace: 'bank' },
  ofCluster('DiskFilling', 'warning', { node: 'b', device: '/dev/sda1' }),
  ofCluster('DiskFilling', 'warning', { node: 'a', device: '/dev/sdb1' }),
  ofCluster('VolumeFull', 'warning', { persistentvolumeclaim: 'data-1' }),
  ofCluster('Busy', 'warning', { pod: 'web-1', container: 'web' }),
  ofCluster('Busy', 'warning', { pod: 'web-0', container: 'proxy' }),
  ofCluster('Down', 'warning', { instance: '10.0.0.2:9464' }),
];

interface Alert {
  readonly labels: Labels;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

const sorted = (all: readonly Labels[]) =>
  all.map((labels) => JSON.stringify(Object.entries(labels).toSorted())).toSorted();

test('what is critical keeps back warnings of the same thing, and of nothing else', async () => {
  const config = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }], inhibit_rules: rulesOfManifest() };
  await using alertmanager = await startAlertmanager(config);
  const all = [...CRITICAL, ...KEPT_BACK, ...TOLD];
  await alertmanager.call(
    '/api/v2/alerts',
    all.map((labels) => ({ labels })),
  );
  // It takes up what is critical in its own time.
  const alerts = await eventually('the critical ones keep others back', async () => {
    const found: readonly Alert[] = JSON.parse(await alertmanager.call('/api/v2/alerts'));
    const back = found.filter(({ status }) => status.inhibitedBy.length > 0);
    return found.length === all.length && back.length >= KEPT_BACK.length ? found : undefined;
  });
  const back = alerts.filter(({ status }) => status.inhibitedBy.length > 0).map(({ labels }) => labels);
  assert.deepEqual(sorted(back), sorted(KEPT_BACK));
});
