// Alertmanager, as a resource of the operator. As it is it tells nobody: docs/monitoring.md says how it does.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local versions = import 'versions.libsonnet';

local name = 'alertmanager';
local selector = labels.selector(name);

// By which labels two alerts are about the same thing: all services have `ErrorBudgetBurn`, and all nodes what nodes have.
// What neither of the two has is equal.
local SAME_THING = [
  'alertname',
  'container',
  'device',
  'instance',
  'namespace',
  'node',
  'persistentvolumeclaim',
  'pod',
  'service',
  'slo',
];

// image: its name in manifests.
function(image) k.files({
  alertmanager: k.object('monitoring.coreos.com/v1', 'Alertmanager', 'cluster', common.NAMESPACE, common.labels(name)) {
    metadata+: common.AVAILABLE,
    spec: {
      replicas: 1,
      image: image,
      imagePullPolicy: 'IfNotPresent',
      version: versions.alertmanager,
      serviceAccountName: name,
      automountServiceAccountToken: false,
      // What it does with alerts that nobody else has asked for.
      alertmanagerConfiguration: { name: 'default' },
      // Further ones in this namespace, each of which gets the alerts of all namespaces.
      alertmanagerConfigSelector: { matchExpressions: [{ key: 'fathom.internal/default', operator: 'DoesNotExist' }] },
      alertmanagerConfigMatcherStrategy: { type: 'OnNamespaceExceptForAlertmanagerNamespace' },
      retention: '120h',
      storage: { volumeClaimTemplate: { spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
      } } },
      externalUrl: 'http://alertmanager.%s.svc:9093' % common.NAMESPACE,
      enableFeatures: ['auto-gomemlimit'],
      logFormat: 'json',
      logLevel: 'warn',
      securityContext: common.POD_SECURITY,
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '96Mi' } },
      podMetadata: { labels: { 'app.kubernetes.io/part-of': common.PART_OF } },
    },
  },
  // The receiver `null` is one that does nothing.
  configuration: k.object('monitoring.coreos.com/v1alpha1', 'AlertmanagerConfig', 'default', common.NAMESPACE, common.labels(name) {
    'fathom.internal/default': 'true',
  }) {
    spec: {
      route: {
        receiver: 'null',
        groupBy: ['alertname', 'namespace'],
        groupWait: '30s',
        groupInterval: '5m',
        repeatInterval: '12h',
      },
      receivers: [{ name: 'null' }],
      // Who hears of what is critical need not hear of the same thing as a warning.
      inhibitRules: [{
        sourceMatch: [{ name: 'severity', value: 'critical', matchType: '=' }],
        targetMatch: [{ name: 'severity', value: 'warning', matchType: '=' }],
        equal: SAME_THING,
      }],
    },
  },
  service: k.service(name, common.NAMESPACE, {
    type: 'ClusterIP',
    selector: selector,
    ports: [
      { name: 'http', port: 9093, targetPort: 'web', protocol: 'TCP' },
      // By its number: the operator gives a port of an init container, which has ended by then, the same name.
      { name: 'reloader', port: 8080, targetPort: 8080, protocol: 'TCP' },
    ],
  }, common.labels(name)),
  servicemonitor: k.serviceMonitor(name, common.NAMESPACE, {
    selector: { matchLabels: common.labels(name) },
    endpoints: [{ port: 'http' }, { port: 'reloader' }],
  }, common.labels(name)),
  serviceaccount: k.serviceAccount(name, common.NAMESPACE, common.labels(name)),
  networkpolicy: common.networkPolicy(name, selector, [9093, 8080]),
  poddisruptionbudget: common.disruptionBudget(name, selector),
})
