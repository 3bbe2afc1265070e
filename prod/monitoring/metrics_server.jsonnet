// metrics-server: `kubectl top` and autoscalers ask it, through the API server.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'metrics-server';
local limitMiB = 128;
local probe(path) = { httpGet: { path: path, port: 'https', scheme: 'HTTPS' } };

// image: its name in manifests.
function(image) k.files(service({
  name: name,
  partOf: common.PART_OF,
  environment: common.ENVIRONMENT,
  image: image,
  args: [
    '--secure-port=10250',
    // Where it writes the certificate that it makes itself.
    '--cert-dir=/tmp',
    '--kubelet-preferred-address-types=InternalIP',
    '--kubelet-use-node-status-port',
    // Kubelets show certificates of the cluster's own authority, for their addresses: they are checked.
    '--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
    '--metric-resolution=15s',
  ],
  env: common.goMemory(limitMiB),
  ports: { https: 10250 },
  servicePorts: { https: 443 },
  // The API server calls it, from an address that nobody knows before.
  callers: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }],
  apiAccess: true,
  resources: common.resources('20m', 48, limitMiB),
  probes: {
    startupProbe: probe('/livez') { periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: probe('/readyz') { periodSeconds: 5 },
    livenessProbe: probe('/livez') { periodSeconds: 10 },
  },
}) + common.clusterRole('fathom-metrics-server', name, [
  common.rule('', ['nodes/metrics'], ['get']),
  common.rule('', ['nodes', 'pods'], ['get', 'list', 'watch']),
]) + {
  servicemonitor: k.serviceMonitor(name, common.NAMESPACE, {
    selector: { matchLabels: common.labels(name) },
    // It asks the API server who may read its metrics.
    endpoints: [common.AUTHORIZED {
      port: 'https',
      scheme: 'https',
      // Its certificate is of its own making: nobody in the cluster issues any for services.
      tlsConfig: { insecureSkipVerify: true },
    }],
  }, common.labels(name)),
  // It asks the API server who its callers are, and what they may.
  'delegator-clusterrolebinding': common.clusterRoleBinding('fathom-metrics-server-delegator', name, 'system:auth-delegator'),
  'reader-rolebinding': common.roleBinding('fathom-metrics-server-reader', 'kube-system', name, 'extension-apiserver-authentication-reader'),
  // Who may view a namespace may see what its pods use.
  'aggregated-clusterrole': k.object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'fathom-aggregated-metrics-reader', labels=common.labels(name) + {
    ['rbac.authorization.k8s.io/aggregate-to-' + role]: 'true'
    for role in ['view', 'edit', 'admin']
  }) {
    rules: [common.rule('metrics.k8s.io', ['nodes', 'pods'], ['get', 'list', 'watch'])],
  },
  apiservice: k.object('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io', labels=common.labels(name)) {
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      service: { name: name, namespace: common.NAMESPACE, port: 443 },
      // As above: its certificate is of its own making, and new with each pod. What goes this way are numbers about pods.
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  },
})
