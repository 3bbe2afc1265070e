// The registry inside the cluster: plain http, its blobs on a volume, its image loaded into the nodes before it runs.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local namespace = 'registry';
local port = 5000;
local name = 'registry';

// image: what the nodes call the image that they hold.
function(image)
  local config = {
    version: '0.1',
    log: { level: 'warn', formatter: 'json', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: '/var/lib/registry' },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '24h', dryrun: false } },
    },
    http: { addr: ':%d' % port, headers: { 'X-Content-Type-Options': ['nosniff'] } },
  };
  local probe = { httpGet: { path: '/v2/', port: 'http' } };
  local component = service({
    name: name,
    environment: { name: 'cluster', namespace: namespace, replicas: 1 },
    image: image,
    args: ['serve', '/etc/registry/config.yml'],
    ports: { http: port },
    servicePorts: { http: port },
    probes: {
      startupProbe: probe { periodSeconds: 1, failureThreshold: 60 },
      readinessProbe: probe { periodSeconds: 2 },
      livenessProbe: probe { periodSeconds: 10 },
    },
    volumes: {
      '/etc/registry': { configMap: { name: name } },
      '/var/lib/registry': { persistentVolumeClaim: { claimName: name } },
    },
    // A changed configuration starts a new pod.
    annotations: { 'fathom.internal/config': std.md5(std.manifestJsonMinified(config)) },
  });
  k.files(component {
    deployment+: { spec+: { strategy: {
      // Two at a time would write to one volume.
      type: 'Recreate',
      rollingUpdate:: null,
    } } },
    config: k.configMap(name, namespace, { 'config.yml': std.manifestYamlDoc(config, quote_keys=false) }, labels.all(name, name)),
    claim: k.persistentVolumeClaim(name, namespace, '10Gi', labels.all(name, name)),
  })
