// A way in from outside, by the Gateway API.
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local labels = import 'labels.libsonnet';
local parts = import 'parts.libsonnet';
local routes = import 'routes.libsonnet';
local t = import 'types.libsonnet';

local listener(config, host) = {
  name: std.strReplace(host, '*', 'any'),
  hostname: host,
  allowedRoutes: { namespaces: { from: 'Same' } },
} + (
  if config.tlsSecretName == null then { port: 80, protocol: 'HTTP' }
  else { port: 443, protocol: 'HTTPS', tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: config.tlsSecretName }] } }
);

component({
  kind: 'gateway',
  doc: 'A way in from outside by the Gateway API: a Gateway of its own, or routes at one that is there. The services that it leads to name the pods of the gateway in their `callers`. Where the environment does not provide gateway-api there is none.',
  notes: [
    |||
      With `tlsSecretName` its own Gateway listens to https alone, without it to http alone.
    |||,
    |||
      A port named `grpc` is marked as HTTP/2 without TLS (`appProtocol: kubernetes.io/h2c`), as gateways else speak HTTP/1 to it.
    |||,
  ],
  parameters: routes.parameters {
    tlsSecretName: routes.parameters.tlsSecretName { doc: 'The Secret with the certificate of `hosts` and its key, for its own Gateway.' },
    annotations: routes.parameters.annotations { doc: 'Annotations of its own Gateway, or with `parent` of the routes, by which controllers are told more.' },
    className: t.optional(t.text, 'The class of its own Gateway.'),
    parent: t.optional(
      t.record({
        name: t.required(t.text, 'Its name.'),
        namespace: t.optional(t.text, 'Its namespace, where that is another one; the Gateway must allow it.'),
        sectionName: t.optional(t.text, 'Which of its listeners.'),
      }),
      'The Gateway that is there, instead of one of its own.',
    ),
    http: t.optional(t.list(t.record(routes.backend {
      path: t.optional(t.text, 'Which paths.', '/'),
      pathType: t.optional(t.oneOf(['PathPrefix', 'Exact']), 'Whether `path` is the beginning of them.', 'PathPrefix'),
    })), 'Where requests go.', []),
    grpc: t.optional(t.list(t.record(routes.backend {
      grpcService: t.optional(t.text, "Calls of which service, such as 'routeguide.v1.RouteGuide'. Left out, all.", ''),
      method: t.optional(t.text, 'Calls of which method. Left out, all.', ''),
    })), 'Where gRPC calls go.', []),
  },
  roles: {
    gateway: 'where the environment provides gateway-api, without `parent`',
    httproute: 'likewise, with `http`',
    grpcroute: 'likewise, with `grpc`',
  },
  checks(config)::
    (if config.hosts == [] || (config.http == [] && config.grpc == []) then ['must provide hosts and one of http and grpc'] else []) +
    (if config.http == [] || config.grpc == [] then [] else ['http and grpc must have hosts of their own: a gateway takes one kind of route for a host']) +
    (if (config.className == null) != (config.parent == null) then [] else ['must provide either className or parent']) +
    (if config.tlsSecretName == null || config.parent == null then [] else ['tlsSecretName must be left out with parent: its Gateway has the certificates']) +
    routes.checks('http', config.http) + routes.checks('grpc', config.grpc),
  render(config)::
    local namespace = config.environment.namespace;
    local objectLabels = labels.all(config.name, config.partOf);
    local parent = if config.parent == null then { name: config.name } else {
      [name]: config.parent[name]
      for name in std.objectFields(config.parent)
      if config.parent[name] != null
    };
    // Without a Gateway of its own, controllers are told by the routes.
    local routeAnnotations = if config.parent == null then {} else config.annotations;
    local route(rules) = { parentRefs: [parent], hostnames: config.hosts, rules: rules };
    if !parts.provides(config, 'gateway-api') then {} else {
      [if config.parent == null then 'gateway']: k.gateway(config.name, namespace, {
        gatewayClassName: config.className,
        listeners: [listener(config, host) for host in config.hosts],
      }, objectLabels, config.annotations),
      [if config.http != [] then 'httproute']: k.httpRoute(config.name, namespace, route([
        { matches: [{ path: { type: one.pathType, value: one.path } }], backendRefs: [routes.backendRef(one)] }
        for one in config.http
      ]), objectLabels, routeAnnotations),
      [if config.grpc != [] then 'grpcroute']: k.grpcRoute(config.name, namespace, route([
        {
          [if one.grpcService != '' || one.method != '' then 'matches']: [{ method: {
            type: 'Exact',
            [if one.grpcService != '' then 'service']: one.grpcService,
            [if one.method != '' then 'method']: one.method,
          } }],
          backendRefs: [routes.backendRef(one)],
        }
        for one in config.grpc
      ]), objectLabels, routeAnnotations),
    },
})
