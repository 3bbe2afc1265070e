// What all pods of components have in common: nothing of the host, no privilege, a read-only root, a soft end.
local files = import 'files.libsonnet';
local labels = import 'labels.libsonnet';
local t = import 'types.libsonnet';

local HOSTNAME = 'kubernetes.io/hostname';
local ZONE = 'topology.kubernetes.io/zone';

local DEFAULT_RESOURCES = {
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { cpu: '1', memory: '256Mi' },
};

local volumeName(folder) = std.asciiLower(std.join('', [
  if std.member('/._', letter) then '-' else letter
  for letter in std.stringChars(std.stripChars(folder, '/'))
]));

// Whether there is nothing in a value.
local isEmpty(value) = value == null || ((std.isString(value) || std.isArray(value) || std.isObject(value)) && std.length(value) == 0);

// An object without the fields that are empty.
local withoutEmpty(object) = { [name]: object[name] for name in std.objectFields(object) if !isEmpty(object[name]) };

local resources(given) = std.mergePatch(DEFAULT_RESOURCES, given);

{
  // The parameters that all components with pods know.
  parameters:: {
    name: t.required(t.name, 'The name of its objects.'),
    environment: t.required(t.environment, 'The environment: the entry of ENVS with its name.'),
    image: t.required(t.text, 'The image: a key of `images` of its k8s_object, or a name with a tag or digest.'),
    partOf: t.optional(t.text, 'What it is a part of, for the label `app.kubernetes.io/part-of`.', function(config) config.name, '`name`'),
    component: t.optional(t.text, "What it is there, such as 'database', for the label `app.kubernetes.io/component`.", ''),
    command: t.optional(t.list(t.text), "The program and its first arguments, instead of the image's.", []),
    args: t.optional(t.list(t.text), "The arguments, instead of the image's.", []),
    ports: t.optional(t.map(t.portName, t.portNumber), 'The ports of the container.', {}),
    env: t.optional(t.map(t.text, t.either([t.text, t.object])), 'Variables. An object is a source, such as { secretKeyRef: { name, key } }.', {}),
    files: t.optional(t.map(t.fileName, t.text), 'Files in `filesFolder`, by a ConfigMap with the name of the component. A changed text starts new pods.', {}),
    filesFolder: t.optional(t.folder, 'Where `files` are.', function(config) '/etc/' + config.name, '`/etc/` and `name`'),
    volumes: t.optional(t.map(t.folder, t.object), 'Further folders, each with its volume source. /tmp is there, 64Mi.', {}),
    resources: t.optional(
      t.record({
        requests: t.optional(t.map(t.text, t.either([t.quantity, t.nothing])), 'What the scheduler keeps free.', {}),
        limits: t.optional(t.map(t.text, t.either([t.quantity, t.nothing])), 'What it never gets more of.', {}),
      }),
      'What the container needs. What is given is merged over the default.',
      {},
      '`%s`' % std.manifestJsonMinified(DEFAULT_RESOURCES),
    ),
    dependencies: t.optional(t.map(t.text, t.renderedService), 'What it calls: `deps` of its function. Its pods are labelled for each, so that the NetworkPolicy of the callee lets them in.', {}),
    egress: t.optional(t.list(t.object), 'Where its pods may connect to beside DNS and `dependencies`: rules of a NetworkPolicy. Left out, they may connect to anything.', null, 'anything'),
    apiAccess: t.optional(t.boolean, "Whether its pods get a token for the cluster's API.", false),
    serviceAccountAnnotations: t.optional(t.map(t.text, t.text), 'Annotations of its ServiceAccount, by which clouds give it an identity of theirs.', {}),
    userId: t.optional(t.wholeNumber(1), 'The user and group that it runs as.', 65532),
    terminationGracePeriodSeconds: t.optional(t.wholeNumber(1), 'How long it may take to end, `preStopSleepSeconds` included.', 30),
    preStopSleepSeconds: t.optional(t.wholeNumber(0), 'How long it goes on before it is told to end, so that nobody still sends it anything then.', 2),
    spread: t.optional(t.oneOf(['preferred', 'required']), 'Whether each pod must have a node of its own, and waits for one, or only rather has.', 'preferred'),
    nodeSelector: t.optional(t.map(t.text, t.text), 'Labels of the nodes that it may run on.', {}),
    tolerations: t.optional(t.list(t.object), 'Taints of nodes that it may run on all the same.', []),
    priorityClassName: t.optional(t.text, 'Whose pods may be put out for it. Left out, the default of the cluster.', ''),
    annotations: t.optional(t.map(t.text, t.text), 'Annotations of its pods.', {}),
  },

  // Returns what is wrong with parameters that do not fit one another.
  checks(config)::
    local merged = resources(config.resources);
    local folders = std.objectFields(config.volumes) + (if config.files == {} then [] else [config.filesFolder]);
    [
      'resources.requests.%s must not be more than resources.limits.%s, got %s and %s' % [name, name, merged.requests[name], merged.limits[name]]
      for name in std.objectFields(merged.requests)
      if std.objectHas(merged.limits, name) && t.isMore(merged.requests[name], merged.limits[name])
    ] +
    (if config.preStopSleepSeconds < config.terminationGracePeriodSeconds then []
     else ['terminationGracePeriodSeconds must be more than preStopSleepSeconds, got %d and %d' % [config.terminationGracePeriodSeconds, config.preStopSleepSeconds]]) +
    [
      'volumes.%s must have another name: its volume would be called like that of %s' % [folder, other]
      for folder in folders
      for other in folders
      if folder > other && volumeName(folder) == volumeName(other)
    ] + files.checks(config.files),

  // Returns the labels of the objects of a component with these parameters.
  labels(config):: labels.all(config.name, config.partOf, config.component),

  // Returns the probes of a server with gRPC health checks: alive as long as the process answers, ready when it says so.
  grpcProbes(port):: {
    startupProbe: { grpc: { port: port, service: 'liveness' }, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { grpc: { port: port, service: '' }, periodSeconds: 2, failureThreshold: 2 },
    livenessProbe: { grpc: { port: port, service: 'liveness' }, periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
  },

  // Returns a pod template that the restricted Pod Security Standard accepts. config: the values of `parameters`.
  // extra: what else a component says: `probes`, `claims` (folder → name of a volume claim template), `minPods` (how
  // many nodes `spread: 'required'` wants), `revisionLabel` (by which pods of one revision are spread on their own),
  // `restartPolicy`.
  template(config, extra={})::
    local more = { probes: {}, claims: {}, minPods: 1, revisionLabel: null, restartPolicy: null } + extra;
    local volumes =
      { '/tmp': { emptyDir: { sizeLimit: '64Mi' } } } + config.volumes +
      (if config.files == {} then {} else { [config.filesFolder]: { configMap: { name: config.name } } });
    local annotations = config.annotations +
                        (if config.files == {} then {} else { 'fathom.internal/files': files.checksum(config.files) });
    local topologies = [HOSTNAME] + (if std.member(std.get(config.environment, 'provides', []), 'zones') then [ZONE] else []);
    {
      metadata: withoutEmpty({
        labels: std.foldl(
          function(all, service) all + labels.calls(service.metadata.name),
          std.objectValues(config.dependencies),
          $.labels(config),
        ),
        annotations: annotations,
      }),
      spec: withoutEmpty({
        serviceAccountName: config.name,
        automountServiceAccountToken: config.apiAccess,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: config.terminationGracePeriodSeconds,
        restartPolicy: more.restartPolicy,
        priorityClassName: config.priorityClassName,
        nodeSelector: config.nodeSelector,
        tolerations: config.tolerations,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: config.userId,
          runAsGroup: config.userId,
          fsGroup: config.userId,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: topology,
            whenUnsatisfiable: if config.spread == 'required' then 'DoNotSchedule' else 'ScheduleAnyway',
            labelSelector: { matchLabels: labels.selector(config.name) },
            // Only a hard constraint may want nodes that are not there yet.
            [if config.spread == 'required' && topology == HOSTNAME then 'minDomains']: more.minPods,
            [if more.revisionLabel != null then 'matchLabelKeys']: [more.revisionLabel],
          }
          for topology in topologies
        ],
        containers: [withoutEmpty({
          name: config.name,
          image: config.image,
          imagePullPolicy: 'IfNotPresent',
          command: config.command,
          args: config.args,
          ports: [
            { name: port, containerPort: config.ports[port], protocol: 'TCP' }
            for port in std.objectFields(config.ports)
          ],
          env: [
            { name: name } + (if std.isString(config.env[name]) then { value: config.env[name] } else { valueFrom: config.env[name] })
            for name in std.objectFields(config.env)
          ],
          resources: resources(config.resources),
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [
            { name: volumeName(folder), mountPath: folder } + (if std.objectHas(volumes[folder], 'configMap') then { readOnly: true } else {})
            for folder in std.objectFields(volumes)
          ] + [
            { name: more.claims[folder], mountPath: folder }
            for folder in std.objectFields(more.claims)
          ],
          lifecycle: if config.preStopSleepSeconds == 0 then null else { preStop: { sleep: { seconds: config.preStopSleepSeconds } } },
          // The cause of a failure is then in the pod's status, where verbs and `kubectl describe` show it.
          terminationMessagePolicy: 'FallbackToLogsOnError',
        } + more.probes)],
        volumes: [
          { name: volumeName(folder) } + volumes[folder]
          for folder in std.objectFields(volumes)
        ],
      }),
    },
}
