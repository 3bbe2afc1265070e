// The registry inside the cluster: plain http, its blobs on a volume, its image loaded into the nodes before it runs.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'registry';
local port = 5000;
// Which no Service leads to: only Prometheus is let in.
local metricsPort = 5001;
// What nodes and the machine's endpoint connect to: REGISTRY_NODE_PORT of tools/cluster/embedded/plan.ts.
local nodePort = 30500;

local config = {
  version: '0.1',
  log: { level: 'warn', formatter: 'json', accesslog: { disabled: true } },
  storage: {
    filesystem: { rootdirectory: '/var/lib/registry' },
    delete: { enabled: true },
    maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '24h', dryrun: false } },
  },
  http: {
    addr: ':%d' % port,
    headers: { 'X-Content-Type-Options': ['nosniff'] },
    debug: { addr: ':%d' % metricsPort, prometheus: { enabled: true, path: '/metrics' } },
  },
};

// What it is started with while its blobs are collected (`registry.gc`): it takes and deletes nothing.
local readOnly = config { storage+: { maintenance+: { readonly: { enabled: true } } } };

local probe = { httpGet: { path: '/v2/', port: 'http' } };

// namespace: where it runs; image: its name in the nodes, which know it by the tag `built`; digest: of that image.
function(namespace, image, digest) k.files(service({
  name: name,
  environment: { namespace: namespace, replicas: 1 },
  image: image + ':built',
  args: ['serve', '/etc/registry/config.yml'],
  ports: { http: port, metrics: metricsPort },
  servicePorts: { http: port },
  probes: {
    startupProbe: probe { periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: probe { periodSeconds: 2 },
    livenessProbe: probe { periodSeconds: 10 },
  },
  files: {
    'config.yml': std.manifestYamlDoc(config, quote_keys=false),
    'read_only.yml': std.manifestYamlDoc(readOnly, quote_keys=false),
  },
  volumes: { '/var/lib/registry': { persistentVolumeClaim: { claimName: name } } },
  // A changed image starts a new pod.
  annotations: { 'fathom.internal/image': std.stripChars(digest, '\n') },
  // Nodes and the machine itself call it by the node port, from addresses that nobody knows before.
  callers: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }],
}) {
  // Two at a time would write to one volume.
  deployment+: { spec+: { strategy: { type: 'Recreate' } } },
  service+: { spec+: {
    type: 'NodePort',
    ports: [entry { nodePort: nodePort } for entry in super.ports],
  } },
  networkpolicy+: { spec+: { ingress+: [{
    from: [{
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
      podSelector: { matchLabels: labels.selector('prometheus') },
    }],
    ports: [{ port: metricsPort, protocol: 'TCP' }],
  }] } },
  claim: k.persistentVolumeClaim(name, namespace, '10Gi', labels.all(name, name)),
})
