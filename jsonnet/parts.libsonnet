// The objects that several components have in common. config: the values of the component's parameters.
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local monitoring = import 'monitoring.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

// Names are resolved by what runs in kube-system. A cache on the node itself needs no rule.
local DNS = {
  to: [{
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  }],
  ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }],
};

local tcp(numbers) = [{ port: number, protocol: 'TCP' } for number in numbers];

{
  // Returns whether the environment's cluster has `capability`.
  provides(config, capability):: monitoring.provides(config, capability),

  // The parameters of components that others call and that Prometheus may scrape.
  callParameters:: {
    servicePorts: t.optional(t.map(t.portName, t.portNumber), 'What others call: names of `ports`, each with the number that its Service has for it.', {}),
    callers: t.optional(t.list(t.object), 'Who may call it beside those that have it in their `dependencies`: peers of a NetworkPolicy, such as the pods of an ingress controller in its namespace.', []),
    monitoring: monitoring.parameter,
  },

  // Returns what is wrong with these parameters.
  callChecks(config)::
    local known = std.objectFields(config.ports);
    [
      'servicePorts.%s must be one of ports, which are %s' % [port, std.join(', ', known)]
      for port in std.objectFields(config.servicePorts)
      if !std.member(known, port)
    ] + monitoring.checks(config),

  // Returns the ServiceAccount that the pods run as.
  serviceAccount(config):: k.serviceAccount(
    config.name, config.environment.namespace, pod.labels(config), config.serviceAccountAnnotations
  ),

  // Returns the ConfigMap of `files`.
  configMap(config):: k.configMap(config.name, config.environment.namespace, config.files, pod.labels(config)),

  // Returns the Service that callers know: `ports` are name → number.
  service(config, ports)::
    local scraped = if config.monitoring == null then {} else { [config.monitoring.port]: config.ports[config.monitoring.port] };
    k.service(config.name, config.environment.namespace, {
      type: 'ClusterIP',
      selector: labels.selector(config.name),
      ports: k.servicePorts(scraped + ports),
    }, pod.labels(config)),

  // Returns the labels of a headless Service with these ports: one with that of Prometheus is passed by.
  headlessLabels(config, ports):: pod.labels(config) + monitoring.headlessLabels(config, ports),

  // Returns the NetworkPolicy of the pods. Their node may always connect to them, so probes need no rule.
  // peerPorts: numbers on which the pods call one another.
  networkPolicy(config, peerPorts=[])::
    local servicePorts = [config.ports[port] for port in std.objectFields(std.get(config, 'servicePorts', {}))];
    local ingress = (
      if servicePorts == [] then [] else [{
        from: [{ podSelector: { matchLabels: labels.calls(config.name) } }] + config.callers,
        ports: tcp(servicePorts),
      }]
    ) + (
      if peerPorts == [] then [] else [{ from: [{ podSelector: { matchLabels: labels.selector(config.name) } }], ports: tcp(peerPorts) }]
    ) + (
      if std.get(config, 'monitoring') == null || !monitoring.isScraped(config) then [] else [{ from: [config.monitoring.scraper], ports: tcp([config.ports[config.monitoring.port]]) }]
    );
    local egress = if config.egress == null then [] else [DNS] + [
      {
        to: [{ podSelector: { matchLabels: service.spec.selector } }],
        ports: [{ port: std.get(port, 'targetPort', port.port), protocol: 'TCP' } for port in service.spec.ports],
      }
      for service in std.objectValues(config.dependencies)
    ] + (
      if peerPorts == [] then [] else [{ to: [{ podSelector: { matchLabels: labels.selector(config.name) } }], ports: tcp(peerPorts) }]
    ) + config.egress;
    k.networkPolicy(config.name, config.environment.namespace, {
      podSelector: { matchLabels: labels.selector(config.name) },
      policyTypes: ['Ingress'] + (if config.egress == null then [] else ['Egress']),
      // Nothing that is let in is an empty list, which the server writes as none.
      [if ingress != [] then 'ingress']: ingress,
      [if egress != [] then 'egress']: egress,
    }, pod.labels(config)),

  // Returns the disruption budget. A pod that is not ready anyway never keeps a node from being drained.
  disruptionBudget(config, maxUnavailable):: k.podDisruptionBudget(config.name, config.environment.namespace, {
    maxUnavailable: maxUnavailable,
    selector: { matchLabels: labels.selector(config.name) },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  }, pod.labels(config)),

  // What watches a component, by role.
  monitoringRoles:: monitoring.roles,

  // Returns what watches it, by role. headlessPorts: the ports of its headless Service.
  monitoring(config, headlessPorts={}):: monitoring.objects(config, headlessPorts),
}
