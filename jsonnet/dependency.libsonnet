// What a service reads from the rendered Services of those that it calls, so that a renamed one fails the build.
local nearest = import 'nearest.libsonnet';

local check(service) =
  if std.isObject(service) && std.get(service, 'kind') == 'Service' then service
  else error 'dependency: must be a rendered Service, got %s' % std.get(service, 'kind', std.type(service));

// The annotation of a Service beside which there is a headless one.
local HEADLESS = 'fathom.internal/headless';

{
  HEADLESS:: HEADLESS,

  // Returns the rendered Service of the dependency with that name: the last part of its package, `-` as `_`.
  of(deps, name)::
    local known = std.objectFields(deps);
    // Hidden is one without a Service, and says so.
    if std.objectHasAll(deps, name) then check(deps[name])
    else if known == [] then error "dependency %s: there is none, add its label to 'deps' in the BUILD file" % name
    else error "dependency %s: there is none, the nearest is '%s'; what is called must be in 'deps' of the BUILD file" % [name, nearest(name, known)],

  // Returns the name of `service`: the rendered Service of the callee.
  name(service):: check(service).metadata.name,

  // Returns the number of its port with that name.
  port(service, portName)::
    local ports = { [port.name]: port.port for port in check(service).spec.ports };
    if std.objectHas(ports, portName) then ports[portName]
    else error 'dependency %s: has no port named %s, it has %s' % [service.metadata.name, portName, std.join(', ', std.objectFields(ports))],

  // Returns where it is called from any namespace, as host:port.
  address(service, portName)::
    self.name(service) + '.' + service.metadata.namespace + '.svc:' + self.port(service, portName),

  // Returns the name that has the addresses of all its pods, as host:port, for clients that spread their calls over them
  // themselves, such as those of gRPC.
  podsAddress(service, portName)::
    local annotations = std.get(check(service).metadata, 'annotations', {});
    if std.get(annotations, HEADLESS) == 'true' then self.name(service) + '-headless.' + service.metadata.namespace + '.svc:' + self.port(service, portName)
    else error 'dependency %s: has no headless Service, say `headless: true` where it is declared' % service.metadata.name,
}
