// A service with storage.
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local parts = import 'parts.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

// What the claim is called in pods.
local CLAIM = 'data';

// The ports that are not there for Prometheus alone. Its own is one of them where `served` has it, or where there is no
// other.
local usedPorts(config, served={}) =
  local others = {
    [port]: config.ports[port]
    for port in std.objectFields(config.ports)
    if config.monitoring == null || port != config.monitoring.port
  };
  if others == {} || (config.monitoring != null && std.objectHas(served, config.monitoring.port)) then config.ports else others;

component({
  kind: 'statefulset',
  doc: 'A service with storage: pods with names and volumes of their own, which find one another by name.',
  notes: [
    |||
      A budget of a quorum is `floor((replicas - 1) / 2)`, but 1 for one or two pods: a budget of none would stop every drain of
      their nodes. Of two pods neither can be missed; three are what helps.
    |||,
    |||
      Volumes outlive the set and its pods. `storage` and `storageClassName` cannot be changed in a set that is there: an apply
      says `K8S_IMMUTABLE`. Make the claims larger by hand, and the set anew by `-- --recreate`, which keeps them.
    |||,
  ],
  parameters: pod.parameters + parts.callParameters + {
    // Its pods carry the name and a hash in a label of at most 63 letters.
    name: t.required(t.shortName, 'The name of its objects, at most 52 letters.'),
    replicas: t.optional(t.wholeNumber(0), 'How many pods.', function(config) std.get(config.environment, 'replicas', 1), 'that of the environment'),
    probes: t.required(t.object, 'startupProbe, readinessProbe and livenessProbe.'),
    dataFolder: t.optional(t.folder, 'Where the volume of each pod is mounted.', '/data'),
    storage: t.required(t.quantity, 'The size of each volume. It cannot be changed in place.'),
    storageClassName: t.optional(t.text, 'The class of the volumes. Left out, the default of the cluster.', ''),
    quorum: t.optional(t.boolean, 'Whether it works as long as a majority of its pods does. Without, one pod may be away at a time.', true),
    servicePorts: parts.callParameters.servicePorts { default:: usedPorts, defaultText: '`ports`, without that of `monitoring` if there are others' },
  },
  roles: {
    statefulset: 'always',
    service: 'always: what others call',
    headless: 'always: by which its pods find one another, also before they are ready',
    serviceaccount: 'always',
    networkpolicy: 'always; its pods may call one another on all `ports`',
    poddisruptionbudget: 'always: as many pods as a quorum can miss, but one in any case',
    configmap: 'with `files`',
  } + parts.monitoringRoles,
  checks(config)::
    local folders = pod.folders(config);
    pod.checks(config, [config.dataFolder]) + parts.callChecks(config) + (
      if config.ports != {} then [] else ['must provide ports: others reach it by them']
    ) + (
      if !std.member(folders, config.dataFolder) then []
      else ['dataFolder must be a folder that neither volumes, files nor tmp have, got %s' % config.dataFolder]
    ) + [
      'the folder %s must have another name: its volume would be called %s, as the claim is' % [folder, CLAIM]
      for folder in folders
      if folder != config.dataFolder && pod.volumeName(folder) == CLAIM
    ],
  render(config)::
    local namespace = config.environment.namespace;
    local objectLabels = pod.labels(config);
    local headlessName = config.name + '-headless';
    local peerPorts = usedPorts(config, config.servicePorts);
    {
      statefulset: k.statefulSet(config.name, namespace, {
        replicas: config.replicas,
        revisionHistoryLimit: 3,
        serviceName: headlessName,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labels.selector(config.name) },
        template: pod.template(config, {
          probes: config.probes,
          claims: { [config.dataFolder]: CLAIM },
          minPods: std.max(1, config.replicas),
        }),
        // Claims outlive the set: what they hold is worth more than what it costs.
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        volumeClaimTemplates: [{
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: CLAIM, labels: labels.selector(config.name) },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: config.storage } },
            [if config.storageClassName != '' then 'storageClassName']: config.storageClassName,
          },
        }],
      }, objectLabels),
      service: parts.service(config, config.servicePorts),
      headless: k.service(headlessName, namespace, {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: labels.selector(config.name),
        ports: k.servicePorts(peerPorts),
      }, parts.headlessLabels(config, peerPorts)),
      serviceaccount: parts.serviceAccount(config),
      networkpolicy: parts.networkPolicy(config, std.set(std.objectValues(peerPorts))),
      // A single pod, or one of two, may leave as well: a budget of none would stop every drain of its node.
      poddisruptionbudget: parts.disruptionBudget(
        config,
        if config.quorum then std.max(1, std.floor((config.replicas - 1) / 2)) else 1,
      ),
      [if config.files != {} then 'configmap']: parts.configMap(config),
    } + parts.monitoring(config, peerPorts),
})
