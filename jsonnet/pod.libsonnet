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

// What begins or ends a name of Kubernetes is a letter or a digit.
local volumeName(folder) = std.asciiLower(std.join('', [
  if std.member('/._', letter) then '-' else letter
  for letter in std.stringChars(std.stripChars(folder, '/._-'))
]));

// Whether Kubernetes takes such a name.
local isVolumeName(name) = name != '' && std.length(name) <= 63 && std.lstripChars(name, 'abcdefghijklmnopqrstuvwxyz0123456789-') == '';

// The folders of a pod's volumes.
local foldersOf(config) = std.set(
  (if config.tmp then ['/tmp'] else []) + std.objectFields(config.volumes) + (if config.files == {} then [] else [config.filesFolder])
);

// Whether there is nothing in a value.
local isEmpty(value) = value == null || ((std.isString(value) || std.isArray(value) || std.isObject(value)) && std.length(value) == 0);

// An object without the fields that are empty.
local withoutEmpty(object) = { [name]: object[name] for name in std.objectFields(object) if !isEmpty(object[name]) };

local resources(given) = std.mergePatch(DEFAULT_RESOURCES, given);

// What a sidecar has that says nothing of it.
local SIDECAR = { command: [], args: [], env: {}, folders: [], probes: {}, lifecycle: null };

// A container. one: its `name`, `image`, `command`, `args`, `ports`, `env`, `resources`, `folders`, `probes`, `lifecycle`;
// volumes: folder → volume source; claims: folder → name of a volume claim template.
local container(one, volumes, claims) = withoutEmpty({
  name: one.name,
  image: one.image,
  imagePullPolicy: 'IfNotPresent',
  command: one.command,
  args: one.args,
  ports: [{ name: port, containerPort: one.ports[port], protocol: 'TCP' } for port in std.objectFields(one.ports)],
  env: [
    { name: name } + (if std.isString(one.env[name]) then { value: one.env[name] } else { valueFrom: one.env[name] })
    for name in std.objectFields(one.env)
  ],
  resources: one.resources,
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
  volumeMounts: [
    { name: volumeName(folder), mountPath: folder } +
    // What comes from the API is written by nobody in the pod.
    (if std.objectHas(volumes[folder], 'configMap') then { readOnly: true } else {})
    for folder in one.folders
    if std.objectHas(volumes, folder)
  ] + [
    { name: claims[folder], mountPath: folder }
    for folder in one.folders
    if std.objectHas(claims, folder)
  ],
  lifecycle: one.lifecycle,
  // The cause of a failure is then in the pod's status, where verbs and `kubectl describe` show it.
  terminationMessagePolicy: 'FallbackToLogsOnError',
} + one.probes);

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
    tmp: t.optional(t.boolean, 'Whether it has a /tmp to write to, 64Mi. A pod without any volume starts about 0.3 s sooner.', true),
    volumes: t.optional(t.map(t.folder, t.object), 'Further folders, each with its volume source.', {}),
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
    sidecars: t.optional(
      t.map(
        t.name,
        t.record({
          image: t.required(t.text, 'Its image, as `image`.'),
          args: t.optional(t.list(t.text), "Its arguments, instead of the image's.", []),
          env: t.optional(t.map(t.text, t.either([t.text, t.object])), 'Its variables.', {}),
          ports: t.optional(t.list(t.portName), 'Which of `ports` are its own: those that are not those of the component.', []),
          folders: t.optional(t.list(t.folder), 'Which of the folders of `volumes`, `files` and storage it has as well.', []),
          probes: t.optional(t.object, 'Its startupProbe, readinessProbe and livenessProbe.', {}),
          resources: t.required(t.object, 'What it needs: requests and limits.'),
        }),
      ),
      'Containers that start before that of the component, are started again if they end, and end after it.',
      {},
    ),
    preStop: t.optional(t.object, 'What is done before it is told to end: a handler of a lifecycle hook, instead of the sleep.'),
    preStopSleepSeconds: t.optional(t.wholeNumber(0), 'How long it goes on before it is told to end, so that nobody still sends it anything then.', 2),
    spread: t.optional(t.oneOf(['preferred', 'required']), 'Whether each pod must have a node of its own, and waits for one, or only rather has.', 'preferred'),
    nodeSelector: t.optional(t.map(t.text, t.text), 'Labels of the nodes that it may run on.', {}),
    tolerations: t.optional(t.list(t.object), 'Taints of nodes that it may run on all the same.', []),
    priorityClassName: t.optional(t.text, 'Whose pods may be put out for it. Left out, the default of the cluster.', ''),
    annotations: t.optional(t.map(t.text, t.text), 'Annotations of its pods.', {}),
  },

  // Returns the folders of the volumes of a pod.
  folders(config):: foldersOf(config),

  // Returns what the volume of a folder is called in a pod.
  volumeName(folder):: volumeName(folder),

  // Returns what is wrong with parameters that do not fit one another. claims: the folders of volume claims.
  checks(config, claims=[])::
    local merged = resources(config.resources);
    local folders = foldersOf(config);
    [
      'resources.requests.%s must not be more than resources.limits.%s, got %s and %s' % [name, name, merged.requests[name], merged.limits[name]]
      for name in std.objectFields(merged.requests)
      if std.objectHas(merged.limits, name) && t.isMore(merged.requests[name], merged.limits[name])
    ] +
    (if config.preStopSleepSeconds < config.terminationGracePeriodSeconds then []
     else ['terminationGracePeriodSeconds must be more than preStopSleepSeconds, got %d and %d' % [config.terminationGracePeriodSeconds, config.preStopSleepSeconds]]) +
    [
      'sidecars.%s.ports must be among ports, which are %s; got %s' % [name, std.join(', ', std.objectFields(config.ports)), port]
      for name in std.objectFields(config.sidecars)
      for port in std.get(config.sidecars[name], 'ports', [])
      if !std.objectHas(config.ports, port)
    ] +
    [
      'sidecars.%s.folders must be among those of its pod, which are %s; got %s' % [name, std.join(', ', std.set(folders + claims)), folder]
      for name in std.objectFields(config.sidecars)
      for folder in std.get(config.sidecars[name], 'folders', [])
      if !std.member(folders + claims, folder)
    ] +
    [
      'volumes.%s must have another name: its volume would be called like that of %s' % [folder, other]
      for folder in folders
      for other in folders
      if folder > other && volumeName(folder) == volumeName(other)
    ] +
    [
      "the folder %s must have another name: its volume would be called '%s', which is not 1 to 63 small letters, digits and -" % [folder, volumeName(folder)]
      for folder in folders
      if !isVolumeName(volumeName(folder))
    ] +
    (if config.files == {} || !(std.objectHas(config.volumes, config.filesFolder) || (config.tmp && config.filesFolder == '/tmp')) then []
     else ['filesFolder must be a folder that neither volumes nor tmp have, got %s' % config.filesFolder]) +
    files.checks(config.files),

  // Returns the labels of the objects of a component with these parameters.
  labels(config):: labels.all(config.name, config.partOf, config.component),

  // Returns the probes of a server with gRPC health checks: alive as long as the process answers, ready when it says so.
  // It has a minute to start. No startup probe says so, as the kubelet asks the others at its next second only after
  // that one has passed, which every deploy would wait for: who has started is the sooner ready without it.
  grpcProbes(port):: {
    readinessProbe: { grpc: { port: port, service: '' }, periodSeconds: 2, failureThreshold: 2 },
    livenessProbe: {
      grpc: { port: port, service: 'liveness' },
      initialDelaySeconds: 40,
      periodSeconds: 10,
      timeoutSeconds: 3,
      failureThreshold: 3,
    },
  },

  // Returns a pod template that the restricted Pod Security Standard accepts. config: the values of `parameters`.
  // extra: what else a component says: `probes`, `claims` (folder → name of a volume claim template), `minPods` (how
  // many nodes `spread: 'required'` wants), `revisionLabel` (by which pods of one revision are spread on their own),
  // `restartPolicy`.
  template(config, extra={})::
    local more = { probes: {}, claims: {}, minPods: 1, revisionLabel: null, restartPolicy: null } + extra;
    local volumes =
      // A kubelet that has volumes to mount looks whether they are there each 0.3 s.
      (if config.tmp then { '/tmp': { emptyDir: { sizeLimit: '64Mi' } } } else {}) + config.volumes +
      (if config.files == {} then {} else { [config.filesFolder]: { configMap: { name: config.name } } });
    local annotations = config.annotations +
                        (if config.files == {} then {} else { 'fathom.internal/files': files.checksum(config.files) });
    local sidecarPorts = std.flattenArrays([std.get(one, 'ports', []) for one in std.objectValues(config.sidecars)]);
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
        // Started one after the other before the others, and ended after them.
        initContainers: [
          container(SIDECAR + config.sidecars[name] + {
            name: name,
            ports: { [port]: config.ports[port] for port in std.get(config.sidecars[name], 'ports', []) },
          }, volumes, more.claims) { restartPolicy: 'Always' }
          for name in std.objectFields(config.sidecars)
        ],
        containers: [container({
          name: config.name,
          image: config.image,
          command: config.command,
          args: config.args,
          ports: { [port]: config.ports[port] for port in std.objectFields(config.ports) if !std.member(sidecarPorts, port) },
          env: config.env,
          resources: resources(config.resources),
          folders: std.objectFields(volumes) + std.objectFields(more.claims),
          probes: more.probes,
          lifecycle:
            if config.preStop != null then { preStop: config.preStop }
            else if config.preStopSleepSeconds > 0 then { preStop: { sleep: { seconds: config.preStopSleepSeconds } } },
        }, volumes, more.claims)],
        volumes: [
          { name: volumeName(folder) } + volumes[folder]
          for folder in std.objectFields(volumes)
        ],
      }),
    },
}
