// A stateless service.
local component = import 'component.libsonnet';
local dependency = import 'dependency.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local parts = import 'parts.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

// What the second Service is called beyond the name. A Service has at most 63 letters.
local HEADLESS = '-headless';
local LONGEST_HEADLESS = 63 - std.length(HEADLESS);

local isScaled(config) = config.autoscaling != null && parts.provides(config, 'metrics-server');

// The number of pods that are always there.
local leastPods(config) =
  if config.autoscaling == null then config.replicas
  else if config.autoscaling.min != null then config.autoscaling.min
  else std.max(1, config.replicas);

local utilization(resource, percent) = {
  type: 'Resource',
  resource: { name: resource, target: { type: 'Utilization', averageUtilization: percent } },
};

component({
  kind: 'service',
  doc: 'A stateless service: pods that may be replaced at any time, one like the other.',
  notes: [
    |||
      A budget of a quarter is rounded up by Kubernetes, so a single pod may be evicted as well: a budget that forbids it
      would stop every drain of its node. While its only pod is away the service is, too; two replicas are what helps.
    |||,
    |||
      With an autoscaler the Deployment has no `replicas`, as every apply would otherwise undo what the autoscaler did. Where a
      Deployment had some, taking them away makes them 1 until the autoscaler acts, within 15 seconds: it gives a service
      that is large its pods back, but not at once.
    |||,
    |||
      A pod that is told to end first goes on for `preStopSleepSeconds`, until nobody sends it anything new. What is left of
      `terminationGracePeriodSeconds` is its own to finish what it has begun: a process must give up earlier than that.
    |||,
  ],
  parameters: pod.parameters + parts.callParameters + {
    replicas: t.optional(t.wholeNumber(0), 'How many pods; without `autoscaling`.', function(config) std.get(config.environment, 'replicas', 1), 'that of the environment'),
    healthPort: t.optional(t.portNumber, 'The port that answers gRPC health checks.', function(config) std.get(config.ports, 'grpc'), '`ports.grpc`'),
    headless: t.optional(t.boolean, 'Whether there is a second Service, `<name>-headless`, whose name has the addresses of all its ready pods: callers whose connections last, such as those of gRPC, spread their calls over them. Its ports are those of the container, so `servicePorts` must be the same; and `name` has at most 54 letters.', false),
    probes: t.optional(t.object, 'startupProbe, readinessProbe and livenessProbe.', function(config) pod.grpcProbes(config.healthPort), 'gRPC health checks of `healthPort`'),
    autoscaling: t.optional(
      t.record({
        min: t.optional(t.wholeNumber(1), 'The least number of pods.', null, '`replicas`, but not 0'),
        max: t.required(t.wholeNumber(1), 'The greatest number of pods.'),
        cpuPercent: t.optional(t.wholeNumber(1), 'How busy the pods shall be, in percent of `resources.requests.cpu`.', 70),
        memoryPercent: t.optional(t.wholeNumber(1), 'How full they shall be, in percent of `resources.requests.memory`. Left out, that does not count.'),
        metrics: t.optional(t.list(t.object), 'Further metrics, as a HorizontalPodAutoscaler has them.', []),
      }),
      'That the number of pods follows what they have to do.',
    ),
  },
  roles: {
    deployment: 'always; without `replicas` where there is a horizontalpodautoscaler',
    service: 'with `servicePorts` or `monitoring`',
    headless: 'with `headless`',
    serviceaccount: 'always',
    networkpolicy: 'always',
    poddisruptionbudget: 'always: a quarter of the pods at a time, but one in any case',
    configmap: 'with `files`',
    horizontalpodautoscaler: 'with `autoscaling`, where the environment provides metrics-server',
  } + parts.monitoringRoles,
  checks(config)::
    local scaling = config.autoscaling;
    pod.checks(config) + parts.callChecks(config) +
    (if config.healthPort == null && config.probes == pod.grpcProbes(null) then ['must provide healthPort, or a port named grpc, or probes'] else []) +
    (
      if !config.headless || std.length(config.name) <= LONGEST_HEADLESS then []
      else ['headless must come with a name of at most %d letters, got %d' % [LONGEST_HEADLESS, std.length(config.name)]]
    ) +
    (
      if !config.headless then []
      else if config.servicePorts == {} then ['headless must come with servicePorts: there is nothing to call']
      else [
        'servicePorts.%s must be ports.%s, which is %d, got %d: a headless Service leads to the container itself' % [port, port, config.ports[port], config.servicePorts[port]]
        for port in std.objectFields(config.servicePorts)
        if std.get(config.ports, port, config.servicePorts[port]) != config.servicePorts[port]
      ]
    ) +
    (if scaling == null || scaling.max >= leastPods(config) then [] else ['autoscaling.max must not be less than autoscaling.min, got %d and %d' % [scaling.max, leastPods(config)]]),
  render(config)::
    local namespace = config.environment.namespace;
    local objectLabels = pod.labels(config);
    local scaling = config.autoscaling;
    local replicas = leastPods(config);
    local headlessPorts = if config.headless then config.servicePorts else {};
    {
      deployment: k.deployment(config.name, namespace, {
        [if !isScaled(config) then 'replicas']: replicas,
        revisionHistoryLimit: 3,
        progressDeadlineSeconds: 300,
        selector: { matchLabels: labels.selector(config.name) },
        // New pods come before old ones go; a quarter of one is one.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
        template: pod.template(config, {
          probes: config.probes,
          // As many as there may be: with fewer, further pods would be put beside others.
          minPods: std.max(1, if isScaled(config) then scaling.max else replicas),
          revisionLabel: 'pod-template-hash',
        }),
      }, objectLabels),
      [if config.servicePorts != {} || config.monitoring != null then 'service']: parts.service(config, config.servicePorts) + (
        if config.headless then { metadata+: { annotations+: { [dependency.HEADLESS]: 'true' } } } else {}
      ),
      [if config.headless then 'headless']: k.service(config.name + HEADLESS, namespace, {
        clusterIP: 'None',
        selector: labels.selector(config.name),
        ports: k.servicePorts(headlessPorts),
      }, parts.headlessLabels(config, headlessPorts)),
      serviceaccount: parts.serviceAccount(config),
      networkpolicy: parts.networkPolicy(config),
      // Rounded up, so that one pod alone may leave, too: a budget of none would stop every drain of its node.
      poddisruptionbudget: parts.disruptionBudget(config, '25%'),
      [if config.files != {} then 'configmap']: parts.configMap(config),
      [if isScaled(config) then 'horizontalpodautoscaler']: k.horizontalPodAutoscaler(config.name, namespace, {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: config.name },
        minReplicas: replicas,
        maxReplicas: scaling.max,
        metrics: [utilization('cpu', scaling.cpuPercent)] +
                 (if scaling.memoryPercent == null then [] else [utilization('memory', scaling.memoryPercent)]) +
                 scaling.metrics,
      }, objectLabels),
    } + parts.monitoring(config, headlessPorts),
})
