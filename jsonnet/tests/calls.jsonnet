// Who may call whom: a caller is who has the callee in its dependencies, and nobody else.
local service = import 'jsonnet/service.libsonnet';
local statefulset = import 'jsonnet/statefulset.libsonnet';

local common = { environment: { name: 'dev', namespace: 'dev' }, image: 'registry.example/x:1.0', ports: { grpc: 8080, admin: 8081 } };
local components = {
  store: statefulset(common { name: 'store', servicePorts: { grpc: 80 }, storage: '1Gi', probes: {} }),
  // Prometheus asks on the only port that there is.
  lone: statefulset(common { name: 'lone', ports: { http: 9000 }, monitoring: { port: 'http' }, storage: '1Gi', probes: {} }),
  server: service(common { name: 'server', servicePorts: { grpc: 80 }, dependencies: { store: components.store.service } }),
  client: service(common { name: 'client', dependencies: { lone: components.lone.service, server: components.server.service } }),
};

local podLabels(objects) = std.get(objects, 'deployment', std.get(objects, 'statefulset')).spec.template.metadata.labels;

// Whether all labels that a selector wants are there.
local selects(selector, labels) = std.all([std.get(labels, name) == selector.matchLabels[name] for name in std.objectFields(selector.matchLabels)]);

// The ports on which pods with these labels, of the same namespace, get through a NetworkPolicy.
local openPorts(policy, labels) = std.set(std.flattenArrays([
  [port.port for port in rule.ports]
  for rule in std.get(policy.spec, 'ingress', [])
  if std.any([!std.objectHas(peer, 'namespaceSelector') && selects(peer.podSelector, labels) for peer in rule.from])
]));

{
  ['%s calls %s' % [caller, callee]]: openPorts(components[callee].networkpolicy, podLabels(components[caller]))
  for caller in std.objectFields(components)
  for callee in std.objectFields(components)
}
