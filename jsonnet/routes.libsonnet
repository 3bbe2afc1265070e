// What ingresses and gateways have in common: requests from outside, led to Services.
local dependency = import 'dependency.libsonnet';
local t = import 'types.libsonnet';

{
  // The parameters of both.
  parameters:: {
    name: t.required(t.name, 'The name of its objects.'),
    environment: t.required(t.environment, 'The environment: the entry of ENVS with its name.'),
    partOf: t.optional(t.text, 'What it is a part of, for the label `app.kubernetes.io/part-of`.', function(config) config.name, '`name`'),
    hosts: t.required(t.list(t.host), 'The host names that it answers to.'),
    tlsSecretName: t.optional(t.text, 'The Secret with the certificate of `hosts` and its key.'),
    annotations: t.optional(t.map(t.text, t.text), 'Annotations, by which controllers are told more.', {}),
  },

  // The parameters that say where a request goes.
  backend:: {
    service: t.required(t.renderedService, 'The Service: one of `deps`.'),
    port: t.required(t.portName, 'The name of its port.'),
  },

  // Returns what is wrong with the ports of routes. list: the name of the parameter.
  checks(list, routes):: std.flattenArrays(std.mapWithIndex(
    function(index, route)
      local known = [port.name for port in route.service.spec.ports];
      if std.member(known, route.port) then []
      else ["%s[%d].port must be a port of %s, which has %s, got '%s'" % [list, index, route.service.metadata.name, std.join(', ', known), route.port]],
    routes,
  )),

  // Returns the backend of a route of the Gateway API.
  backendRef(route):: { name: dependency.name(route.service), port: dependency.port(route.service, route.port) },
}
