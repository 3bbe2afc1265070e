// What all pods of components have in common: nothing of the host, no privilege, a read-only root, a soft end.
local labels = import 'jsonnet/labels.libsonnet';

local defaults = {
  name: error 'pod: must provide name',
  image: error '%s: must provide image' % self.name,
  partOf: self.name,
  // The image's own where empty.
  command: [],
  args: [],
  // Port name → number.
  ports: {},
  // Variable → text.
  env: {},
  resources: {
    requests: { cpu: '50m', memory: '128Mi' },
    limits: { cpu: '1', memory: '256Mi' },
  },
  // startupProbe, readinessProbe, livenessProbe of the container.
  probes: {},
  // Folder → volume source; the folder is writable if the source allows it.
  volumes: {},
  // Folder → name of a volume claim template.
  claims: {},
  userId: 65532,
  terminationGracePeriodSeconds: 30,
  // Time for others to learn that this pod is leaving, before it is told so itself.
  preStopSleepSeconds: 2,
  annotations: {},
};

local volumeName(folder) = std.strReplace(std.stripChars(folder, '/'), '/', '-');

{
  // The parameters that `template` knows, with their defaults; those that a caller owes are errors.
  defaults:: defaults,

  // Probes of a server with gRPC health checks: alive as long as the process answers, ready when it says so.
  grpcProbes(port):: {
    startupProbe: { grpc: { port: port, service: 'liveness' }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { grpc: { port: port, service: '' }, periodSeconds: 2, failureThreshold: 2 },
    livenessProbe: { grpc: { port: port, service: 'liveness' }, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
  },

  // Returns a pod template that the restricted Pod Security Standard accepts.
  template(params):: {
    local config = defaults + params,
    local volumes = { '/tmp': { emptyDir: { sizeLimit: '64Mi' } } } + config.volumes,

    metadata: { labels: labels.all(config.name, config.partOf) } +
              (if config.annotations == {} then {} else { annotations: config.annotations }),
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: config.terminationGracePeriodSeconds,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: config.userId,
        runAsGroup: config.userId,
        fsGroup: config.userId,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      topologySpreadConstraints: [{
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labels.selector(config.name) },
      }],
      containers: [
        {
          name: config.name,
          image: config.image,
          imagePullPolicy: 'IfNotPresent',
          ports: [
            { name: port, containerPort: config.ports[port], protocol: 'TCP' }
            for port in std.objectFields(config.ports)
          ],
          env: [{ name: name, value: config.env[name] } for name in std.objectFields(config.env)],
          resources: config.resources,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: volumeName(folder), mountPath: folder }
            for folder in std.objectFields(volumes)
          ] + [
            { name: config.claims[folder], mountPath: folder }
            for folder in std.objectFields(config.claims)
          ],
          lifecycle: { preStop: { sleep: { seconds: config.preStopSleepSeconds } } },
        } +
        config.probes +
        (if config.command == [] then {} else { command: config.command }) +
        (if config.args == [] then {} else { args: config.args }),
      ],
      volumes: [
        { name: volumeName(folder) } + volumes[folder]
        for folder in std.objectFields(volumes)
      ],
    },
  },
}
