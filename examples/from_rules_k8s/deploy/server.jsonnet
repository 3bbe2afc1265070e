// The server, in two files.
local shop = import 'shop.libsonnet';

function(image, replicas=1, settings={}) {
  'deployment.json': shop.deployment('server', image, replicas) {
    metadata+: { annotations: { builder: std.extVar('builder'), mode: std.extVar('mode') } + settings },
  },
  'service.json': shop.service('server'),
}
