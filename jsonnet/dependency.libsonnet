// What a service reads from the rendered Service of one that it calls, so that a renamed one fails the build.
local check(service) =
  if std.isObject(service) && std.get(service, 'kind') == 'Service' then service
  else error 'dependency: must be a rendered Service, got %s' % std.get(service, 'kind', std.type(service));

{
  // The name of `service`: the rendered Service of the callee.
  name(service):: check(service).metadata.name,

  // The number of its port with that name.
  port(service, portName)::
    local ports = { [port.name]: port.port for port in check(service).spec.ports };
    if std.objectHas(ports, portName) then ports[portName]
    else error 'dependency %s: has no port named %s, it has %s' % [service.metadata.name, portName, std.join(', ', std.objectFields(ports))],

  // Where it is called from any namespace, as host:port.
  address(service, portName)::
    self.name(service) + '.' + service.metadata.namespace + '.svc:' + self.port(service, portName),
}
