// The page of dashboards: one for the cluster, beside Prometheus.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'dashboards';
local namespace = 'monitoring';
local rbac = 'rbac.authorization.k8s.io';

local probe(path) = { httpGet: { path: path, port: 'metrics' } };

// image: its name in manifests.
function(image) k.files(service({
  name: name,
  partOf: 'monitoring',
  environment: { namespace: namespace, replicas: 1, provides: ['prometheus-operator'] },
  image: image,
  ports: { http: 8080, metrics: 9464 },
  servicePorts: { http: 8080 },
  monitoring: { port: 'metrics' },
  env: { PROMETHEUS_URL: 'http://prometheus.%s.svc:9090' % namespace },
  apiAccess: true,
  probes: {
    startupProbe: probe('/livez') { periodSeconds: 1, failureThreshold: 60 },
    // Ready is who has seen which dashboards there are.
    readinessProbe: probe('/readyz') { periodSeconds: 2 },
    livenessProbe: probe('/livez') { periodSeconds: 10 },
  },
  resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '192Mi' } },
  egress: [
    {
      to: [{
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        podSelector: { matchLabels: labels.selector('prometheus') },
      }],
      ports: [{ port: 9090, protocol: 'TCP' }],
    },
    // The API server is no pod: where it is, nobody knows before; on which ports, by custom.
    { ports: [{ port: 443, protocol: 'TCP' }, { port: 6443, protocol: 'TCP' }] },
  ],
}) {
  clusterrole: k.object(rbac + '/v1', 'ClusterRole', name, labels=labels.all(name, 'monitoring')) {
    // RBAC knows no labels: the others are listed by nobody, but could be. Secrets never: docs/dashboards.md.
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
  },
  clusterrolebinding: k.object(rbac + '/v1', 'ClusterRoleBinding', name, labels=labels.all(name, 'monitoring')) {
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: name },
    subjects: [{ kind: 'ServiceAccount', name: name, namespace: namespace }],
  },
})
