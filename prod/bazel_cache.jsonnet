// A remote cache for Bazel over http: bazel-remote keeps it, and nginx before it knows who may read and who may write.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local namespaced = import 'jsonnet/namespace.libsonnet';
local secret = import 'jsonnet/secret.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'bazel-cache';
local namespace = name;
local users = name + '-users';
local port = 8000;
local DATA = '/data';
local USERS = '/run/secrets/bazel-cache';

// What it may keep, in GiB. Beyond it, what has not been asked for the longest goes; a volume that is full would fail.
local quotaGi = 10;
local volumeGi = 12;

local objectLabels = labels.all(name, name);

// Each a value that the engine makes at the first apply.
local password(user) = secret.generated(name, user);

// Alive is who answers, which nginx does also while bazel-remote reads its index; ready is who has both.
local alive = { tcpSocket: { port: 'http' } };
local ready = { httpGet: { path: '/healthz', port: 'http' } };

// image, store: nginx and bazel-remote, by their names in manifests; config: the text of nginx.conf.
function(image, store, config) k.files(service({
  name: name,
  environment: { namespace: namespace, replicas: 1 },
  image: image,
  args: ['-c', '/etc/bazel-cache/nginx.conf'],
  ports: { http: port },
  servicePorts: { http: port },
  files: { 'nginx.conf': config },
  filesFolder: '/etc/bazel-cache',
  volumes: {
    [DATA]: { persistentVolumeClaim: { claimName: name } },
    [USERS]: { secret: { secretName: users, items: [{ key: 'users', path: 'users' }] } },
  },
  sidecars: {
    store: {
      image: store,
      args: [
        '--dir=' + DATA,
        '--max_size=%d' % quotaGi,
        // In the pod alone: nobody gets past nginx. Bazel speaks http to it as well.
        '--http_address=127.0.0.1:8080',
        '--grpc_address=none',
        '--access_log_level=none',
      ],
      folders: [DATA],
      resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '1Gi' } },
    },
  },
  resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '256Mi' } },
  probes: {
    startupProbe: ready { periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: ready { periodSeconds: 5 },
    livenessProbe: alive { periodSeconds: 10 },
  },
  // Machines outside of the cluster, at addresses that nobody knows before; each has to log in.
  callers: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }],
  // It calls nobody.
  egress: [],
}) {
  namespace: namespaced({ name: namespace }).namespace,
  // Two at a time would write to one volume.
  deployment+: { spec+: { strategy: { type: 'Recreate' } } },
  claim: k.persistentVolumeClaim(name, namespace, '%dGi' % volumeGi, objectLabels),
  secret: secret.object(name, namespace, { writer: password('writer'), reader: password('reader') }, objectLabels),
  // As nginx reads them. It reads them anew for each request, so that a changed password needs no restart.
  users: secret.object(users, namespace, {
    users: std.join('', ['%s:{PLAIN}%s\n' % [user, password(user)] for user in ['writer', 'reader']]),
  }, objectLabels),
})
