// What objects are worth as metrics, and that the process may read what it watches.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { KubernetesObject } from '@kubernetes/client-node';
import { runfile } from '../../tools/lib/runfiles.ts';
import { createMetrics } from '../kit/index.ts';
import { DEPLOY_FAMILIES } from './families/deploys.ts';
import { quantity, seconds } from './families/family.ts';
import { KINDS } from './kinds.ts';
import { registerKind } from './register.ts';

test('quantities are numbers in their base unit', () => {
  const rows: readonly (readonly [string | undefined, number | undefined])[] = [
    ['1', 1],
    ['250m', 0.25],
    ['100n', 1e-7],
    ['.5', 0.5],
    ['64Mi', 67_108_864],
    ['1.5Gi', 1_610_612_736],
    ['2k', 2000],
    ['1e3', 1000],
    ['1E', 1e18],
    ['1i', undefined],
    ['many', undefined],
    ['', undefined],
    [undefined, undefined],
  ];
  for (const [text, expected] of rows) assert.equal(quantity(text), expected, text ?? 'nothing');
});

test('times are seconds, whether a list or a watch has brought them', () => {
  assert.equal(seconds('2026-01-01T00:00:00Z'), 1_767_225_600);
  assert.equal(seconds(new Date('2026-01-01T00:00:00Z')), 1_767_225_600);
  assert.equal(seconds(undefined), undefined);
  assert.equal(seconds('never'), undefined);
});

test('no two kinds have a metric of one name', () => {
  const names = KINDS.flatMap(({ families }) => families.map(({ name }) => name));
  assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted());
});

test('an object that has nothing yet is no error for any kind', async () => {
  const metrics = createMetrics();
  for (const kind of KINDS) {
    const bare = { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: 'a', namespace: 'b' } };
    registerKind(metrics, kind, () => [bare as KubernetesObject]);
  }
  assert.match(await metrics.metrics(), /^kube_deployment_status_replicas\{namespace="b",deployment="a"\} 0$/m);
});

test('conditions have a series for each status that they could have', async () => {
  const metrics = createMetrics();
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1' },
    status: { conditions: [{ type: 'Ready', status: 'False' }] },
  };
  for (const kind of KINDS) registerKind(metrics, kind, () => (kind.kind === 'Node' ? [node] : []));
  const lines = (await metrics.metrics()).split('\n').filter((line) => line.startsWith('kube_node_status_condition{'));
  assert.deepEqual(lines, [
    'kube_node_status_condition{node="node-1",condition="Ready",status="true"} 0',
    'kube_node_status_condition{node="node-1",condition="Ready",status="false"} 1',
    'kube_node_status_condition{node="node-1",condition="Ready",status="unknown"} 0',
  ]);
});

test('its ClusterRole lets it list and watch what it follows, and nothing else', () => {
  const role = JSON.parse(
    readFileSync(runfile('fathom/prod/monitoring/manifests/kube_state/clusterrole.json'), 'utf8'),
  ) as {
    readonly rules: readonly {
      readonly apiGroups: readonly string[];
      readonly resources: readonly string[];
      readonly verbs: readonly string[];
    }[];
  };
  const allowed = role.rules.flatMap(({ apiGroups, resources, verbs }) => {
    assert.deepEqual(verbs, ['list', 'watch']);
    return apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`));
  });
  const followed = KINDS.map(({ apiVersion, path }) => {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    return `${group}/${path.split('/').at(-1)}`;
  });
  assert.deepEqual(allowed.toSorted(), followed.toSorted());
});

test('docs/monitoring.md has every metric of deploys, and no other', () => {
  const page = readFileSync(runfile('fathom/docs/monitoring.md'), 'utf8');
  const named = [...page.matchAll(/^\| `(fathom_deploy_\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual(named.toSorted(), DEPLOY_FAMILIES.map(({ name }) => name).toSorted());
});

const RUN = { when: '2026-11-26T10:00:00Z', state: 'done', verb: 'apply', who: 'ada@laptop' };

/** What is told of a stack whose runs took so many seconds, and how each of them ended. */
async function told(runs: readonly (readonly [seconds: number, more?: object])[]): Promise<readonly string[]> {
  const list = runs.map(([apply, more], index) => ({ ...RUN, number: index + 1, phases: { apply }, ...more }));
  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'fathom-web', namespace: 'shop' },
    data: { 'deploys.json': JSON.stringify(list) },
  };
  const metrics = createMetrics();
  for (const kind of KINDS) registerKind(metrics, kind, () => (kind.kind === 'ConfigMap' ? [map] : []));
  return (await metrics.metrics()).split('\n').filter((line) => line.startsWith('fathom_deploy_'));
}

test('what a deploy usually takes is the median of those before it that came to their end', async () => {
  const usual = async (...runs: Parameters<typeof told>[0]) =>
    (await told(runs)).filter((line) => line.startsWith('fathom_deploy_usual'));
  assert.deepEqual(await usual([10], [20], [90]), []);
  const expected = ['fathom_deploy_usual_duration_seconds{namespace="shop",stack="web"} 20'];
  assert.deepEqual(await usual([10], [20], [30], [90]), expected);
  const failed = { state: 'started', error: 'K8S_FAILED' };
  assert.deepEqual(await usual([10], [500, failed], [20], [300, { error: 'K8S_NOT_READY' }], [30], [90]), expected);
});

test('what is told of deploys in a way that nobody can read is left out', async () => {
  assert.deepEqual(await told([]), []);
  assert.deepEqual(await told([[1, { when: 'never' }]]), []);
});
