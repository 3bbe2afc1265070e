import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSources } from './sources.ts';

const problemsOf = (items: readonly object[]) =>
  readSources([{ file: 'web.yaml', text: JSON.stringify({ kind: 'List', items }) }]).problems;

const service = (labels: object, namespace?: string) => ({
  kind: 'Service',
  metadata: { name: 'web', labels, namespace },
  spec: { ports: [{ name: 'metrics' }] },
});
const workload = (kind: string, labels: object) => {
  const containers = [{ name: 'web', ports: [{ name: 'http' }, { name: 'metrics' }] }];
  const template = { metadata: { labels }, spec: { containers, initContainers: [{ ports: [{ name: 'guard' }] }] } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return kind === 'Pod' ? { kind, ...template } : { kind, metadata: { name: 'web', labels: { app: 'no' } }, spec };
};
const monitor = (
  selector: object,
  { port = 'metrics', namespace, ...spec }: Readonly<Record<string, unknown>> = {},
) => ({
  kind: 'ServiceMonitor',
  metadata: { name: 'web', namespace },
  spec: { selector, endpoints: [{ port }], ...spec },
});
const podMonitor = (selector: object, port = 'metrics') => ({
  kind: 'PodMonitor',
  metadata: { name: 'web' },
  spec: { selector, podMetricsEndpoints: [{ port }] },
});
const labels = (app: string) => ({ matchLabels: { app } });
const expressions = (...matchExpressions: readonly object[]) => ({ matchExpressions });
const on = (key: string, operator: string, ...values: readonly string[]) => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
});
const WEB = service({ app: 'web', tier: 'front' });
const SERVICE = 'web.yaml: ServiceMonitor web: no Service';
const POD = 'web.yaml: PodMonitor web: no pod';

for (const { name, items, says } of [
  { name: 'select what is there', items: [WEB, monitor(labels('web'))], says: [] },
  {
    name: 'select nothing',
    items: [WEB, monitor(labels('wob'))],
    says: [`${SERVICE} beside it has the labels {"app":"wob"}`],
  },
  {
    name: 'name a port that is not there',
    items: [WEB, monitor(labels('web'), { port: 'http' })],
    says: [`${SERVICE} that it selects has a port http`],
  },
  {
    name: 'select by expressions',
    items: [
      WEB,
      monitor(
        expressions(
          on('app', 'In', 'web', 'api'),
          on('tier', 'NotIn', 'back'),
          on('track', 'NotIn', 'canary'),
          on('tier', 'Exists'),
          on('track', 'DoesNotExist'),
        ),
      ),
    ],
    says: [],
  },
  ...[
    on('app', 'In', 'api'),
    on('tier', 'NotIn', 'front'),
    on('track', 'Exists'),
    on('app', 'DoesNotExist'),
    on('track', 'In', 'web'),
  ].map((one) => ({
    name: `select nothing by ${JSON.stringify(one)}`,
    items: [WEB, monitor(expressions(one))],
    says: [`${SERVICE} beside it is selected by ${JSON.stringify({ matchExpressions: [one] })}`],
  })),
  {
    name: 'select by labels and expressions',
    items: [WEB, monitor({ ...labels('web'), ...expressions(on('tier', 'In', 'back')) })],
    says: [
      `${SERVICE} beside it is selected by {"matchLabels":{"app":"web"},"matchExpressions":[{"key":"tier","operator":"In","values":["back"]}]}`,
    ],
  },
  {
    name: 'look into all namespaces',
    items: [WEB, monitor(labels('other'), { namespaceSelector: { any: true } })],
    says: [],
  },
  {
    name: 'look into other namespaces',
    items: [WEB, monitor(labels('other'), { namespace: 'shop', namespaceSelector: { matchNames: ['bank'] } })],
    says: [],
  },
  {
    name: 'name their own namespace',
    items: [WEB, monitor(labels('other'), { namespace: 'shop', namespaceSelector: { matchNames: ['shop'] } })],
    says: [`${SERVICE} beside it has the labels {"app":"other"}`],
  },
  {
    name: 'have their Service in another namespace',
    items: [service({ app: 'web' }, 'bank'), monitor(labels('web'), { namespace: 'shop' })],
    says: [`${SERVICE} beside it has the labels {"app":"web"}`],
  },
  ...['CronJob', 'DaemonSet', 'Deployment', 'Job', 'Pod', 'ReplicaSet', 'StatefulSet'].map((kind) => ({
    name: `select pods of a ${kind}`,
    items: [workload(kind, { app: 'web' }), podMonitor(labels('web')), podMonitor(labels('web'), 'guard')],
    says: [],
  })),
  {
    name: 'select no pods, but a Service',
    items: [WEB, workload('Deployment', { app: 'api' }), podMonitor(labels('web'))],
    says: [`${POD} beside it has the labels {"app":"web"}`],
  },
  {
    name: 'name a port that no container has',
    items: [workload('Deployment', { app: 'web' }), podMonitor(labels('web'), 'admin')],
    says: [`${POD} that it selects has a port admin`],
  },
]) {
  test(`monitors that ${name}`, () => assert.deepEqual(problemsOf(items), says));
}
