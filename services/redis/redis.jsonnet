// One Redis with a volume. Its data is on disk within a second of a write, and survives the pod.
local k = import 'jsonnet/kubernetes.libsonnet';
local statefulset = import 'jsonnet/statefulset.libsonnet';

local ping = { exec: { command: ['redis-cli', '-e', 'PING'] }, timeoutSeconds: 2 };

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls.
function(environment, deps) k.files(statefulset({
  name: 'redis',
  environment: environment,
  // A single one in every environment: without a cluster a second would hold other data.
  replicas: 1,
  image: environment.registry + '/services/redis',
  args: [
    '--dir',
    '/data',
    '--appendonly',
    'yes',
    '--appendfsync',
    'everysec',
    '--maxmemory',
    '128mb',
    // A store refuses a write that it has no room for; it never forgets an older one.
    '--maxmemory-policy',
    'noeviction',
    // Only pods reach it: its Service is inside the cluster.
    '--protected-mode',
    'no',
  ],
  ports: { redis: 6379 },
  storage: '1Gi',
  resources: {
    requests: { cpu: '50m', memory: '64Mi' },
    limits: { cpu: '1', memory: '256Mi' },
  },
  // Until the data is loaded PING is refused: that is not ready, but alive.
  probes: {
    startupProbe: ping { periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: ping { periodSeconds: 2, failureThreshold: 2 },
    livenessProbe: { tcpSocket: { port: 'redis' }, periodSeconds: 10, failureThreshold: 3 },
  },
}))
