// Redis Cluster: masters and replicas with a volume each. README.md tells how it is formed, changed and called.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local secret = import 'jsonnet/secret.libsonnet';
local statefulset = import 'jsonnet/statefulset.libsonnet';
local watching = import 'services/redis/rules/watching.libsonnet';

local SECRETS_FOLDER = '/run/secrets/redis';
local PORT = 6379;
local METRICS_PORT = 9464;

// What a client of a cluster needs, whatever its data is.
local CLIENT_COMMANDS = [
  'asking',
  'client|id',
  'client|setinfo',
  'client|setname',
  'cluster|info',
  'cluster|nodes',
  'cluster|shards',
  'cluster|slots',
  'command',
  'hello',
  'info',
  'ping',
  'readonly',
  'readwrite',
  'wait',
];

local user(name, password, rules) = 'user %s on >%s resetkeys resetchannels -@all %s' % [name, password, rules];
local commands(names) = std.join(' ', ['+' + name for name in names]);

// environment: an entry of ENVS with its name; deps: the rendered Services of what this service calls; users: users.bzl.
function(environment, deps, users)
  local given = std.get(environment.parameters, 'redis', {});
  local parameters = { masters: 3, replicas: 1, minReplicasToWrite: 0 } + given;
  local unknown = std.setDiff(std.objectFields(given), ['masters', 'minReplicasToWrite', 'replicas']);
  assert unknown == [] : "redis: parameters of environment '%s' must be some of masters, replicas, minReplicasToWrite; got %s" % [environment.name, std.join(', ', unknown)];
  assert parameters.masters == 1 || parameters.masters >= 3 : "redis: masters must be 1, or 3 and more: of two neither may be missed; environment '%s' has %s" % [environment.name, parameters.masters];
  assert parameters.minReplicasToWrite <= parameters.replicas : "redis: minReplicasToWrite must not be more than replicas, or nothing could be written; environment '%s' has %s and %s" % [environment.name, parameters.minReplicasToWrite, parameters.replicas];

  local name = 'redis';
  local adminSecret = name + '-admin';
  local namespace = environment.namespace;
  local pods = parameters.masters * (1 + parameters.replicas);
  local domain = '%s-headless.%s.svc' % [name, namespace];
  local objectLabels = labels.all(name, name, '');
  local userSecret(service) = '%s-%s' % [name, service];
  local password(key) = secret.generated(adminSecret, key);
  local field(path) = { fieldRef: { fieldPath: path } };
  // Keepers have changed passwords read again: pods that start anew with another one would not find the others.
  local withoutRollout = { metadata+: { annotations+: { 'fathom.internal/rollout': 'none' } } };

  k.files(statefulset({
    name: name,
    environment: environment,
    replicas: pods,
    // A master and the replica that takes its slots over must not be away at once.
    quorum: false,
    image: environment.registry + '/services/redis',
    args: [
      // Who copies from whom, and who may do what.
      SECRETS_FOLDER + '/redis.conf',
      '--port',
      '%d' % PORT,
      '--dir',
      '/data',
      '--appendonly',
      'yes',
      '--appendfsync',
      'everysec',
      '--save',
      '',
      '--maxmemory',
      '128mb',
      // A store refuses a write that it has no room for; it never forgets an older one.
      '--maxmemory-policy',
      'noeviction',
      '--protected-mode',
      'no',
      '--cluster-enabled',
      'yes',
      // What a vote waits for at least, where a whole machine doesn't answer.
      '--cluster-node-timeout',
      '3000',
      // The address is that of this pod, the name that of all pods at its place.
      '--cluster-announce-ip',
      '$(POD_IP)',
      '--cluster-announce-hostname',
      '$(POD_NAME).' + domain,
      '--cluster-preferred-endpoint-type',
      'hostname',
      // What is there goes on while other slots are away.
      '--cluster-require-full-coverage',
      'no',
      // Who follows whom is what keepers say.
      '--cluster-allow-replica-migration',
      'no',
      // A replica is not ready before it has a copy: the first one need not wait for others.
      '--repl-diskless-sync-delay',
      '0',
      '--min-replicas-to-write',
      '%d' % parameters.minReplicasToWrite,
      '--shutdown-timeout',
      '10',
    ],
    env: {
      POD_IP: field('status.podIP'),
      POD_NAME: field('metadata.name'),
    },
    ports: { redis: PORT, bus: PORT + 10000, metrics: METRICS_PORT },
    servicePorts: { redis: PORT },
    monitoring: watching,
    volumes: { [SECRETS_FOLDER]: { secret: { secretName: adminSecret, defaultMode: 288 } } },
    storage: '1Gi',
    resources: {
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { cpu: '1', memory: '256Mi' },
    },
    sidecars: {
      keeper: {
        image: environment.registry + '/services/redis/keeper',
        env: {
          METRICS_PORT: '%d' % METRICS_PORT,
          POD_NAME: field('metadata.name'),
          REDIS_MASTERS: '%d' % parameters.masters,
          REDIS_NODES: std.join(',', ['%s-%d.%s:%d' % [name, number, domain, PORT] for number in std.range(0, pods - 1)]),
          REDIS_SECRETS_FOLDER: SECRETS_FOLDER,
        },
        ports: ['metrics'],
        folders: [SECRETS_FOLDER],
        probes: {
          livenessProbe: { httpGet: { path: '/live', port: 'metrics' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
        },
        resources: {
          requests: { cpu: '20m', memory: '64Mi' },
          // Room for a second process, which people start in it: reshard, cli.
          limits: { cpu: '500m', memory: '320Mi' },
        },
      },
    },
    // Alive is who answers, be it that a password is missing or that data is being loaded.
    probes: {
      startupProbe: { exec: { command: ['redis-cli', 'PING'] }, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 300 },
      livenessProbe: { exec: { command: ['redis-cli', 'PING'] }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
      readinessProbe: { httpGet: { path: '/ready', port: METRICS_PORT }, periodSeconds: 2, timeoutSeconds: 3, failureThreshold: 2 },
    },
    // A replica takes the slots over before it ends.
    preStop: { httpGet: { path: '/end', port: METRICS_PORT } },
    // For handing over (15 s), and for writing what is not on disk yet.
    terminationGracePeriodSeconds: 45,
  }) {
    // The next pod ends when clients and servers have found the new address of this one.
    statefulset+: { spec+: { minReadySeconds: 3 } },
    secret: secret.object(adminSecret, namespace, {
      password: password('password'),
      'exporter-password': password('exporter-password'),
      'replication-password': password('replication-password'),
      'redis.conf': std.lines([
        'masteruser replication',
        'masterauth ' + password('replication-password'),
        'aclfile %s/users.acl' % SECRETS_FOLDER,
      ]),
      'users.acl': std.lines([
        // Nobody can be it. It is who loads the log at a start, though, and a transaction in there that it may not do is
        // thrown away.
        'user default off resetpass ~* &* +@all',
        'user admin on >%s ~* &* +@all' % password('password'),
        user('replication', password('replication-password'), '+psync +replconf +ping'),
        user('exporter', password('exporter-password'), '+info +ping +cluster|info +cluster|nodes +slowlog|len'),
      ] + [
        user(
          service,
          secret.generated(userSecret(service), 'password'),
          '~%s:* %s' % [service, commands(CLIENT_COMMANDS + users[service])],
        )
        for service in std.objectFields(users)
      ]),
    }, objectLabels) + withoutRollout,
  } + {
    [service + '-secret']: secret.object(userSecret(service), namespace, {
      password: secret.generated(userSecret(service), 'password'),
    }, objectLabels)
    for service in std.objectFields(users)
  })
