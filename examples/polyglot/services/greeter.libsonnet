// A service that answers greet.v1.Greeter, whatever language it is written in.
local k = import 'jsonnet/kubernetes.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local port = 50051;

// folder: its folder below services; environment: the entry of ENVS; params: parameters of the component beside these.
function(folder, environment, params={}) k.files(service({
  name: std.strReplace(folder, '_', '-'),
  partOf: 'polyglot',
  environment: environment,
  image: environment.registry + '/services/' + folder,
  ports: { grpc: port },
  servicePorts: { grpc: port },
  env: { PORT: '%d' % port },
} + params))
