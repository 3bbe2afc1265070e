// Something to be reached from outside: a service of services/kit, with an Ingress for gRPC and one for HTTP.
local ingress = import 'jsonnet/ingress.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local name = 'ingress-backend';
local ports = { grpc: 50051, http: 9464 };

// environment: an entry of ENVS with its name; image: its name in manifests.
function(environment, image)
  local namespace = environment.namespace;
  local objectLabels = labels.all(name, name);
  local backend = service({
    name: name,
    environment: environment,
    image: image,
    ports: ports,
    servicePorts: ports,
    env: { PORT: '%d' % ports.grpc, METRICS_PORT: '%d' % ports.http },
    callers: [labels.ingressController()],
  }) {
    // As docs/clusters.md has it.
    service+: { metadata+: { annotations+: { 'traefik.ingress.kubernetes.io/service.serversscheme': 'h2c' } } },
  };
  // That is said of a Service as a whole, so another one leads to the port that speaks HTTP/1.
  local http = k.service(name + '-http', namespace, {
    selector: labels.selector(name),
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
  }, objectLabels);
  // The test makes the Secret.
  local lead(port, to) = ingress({
    name: name + '-' + port,
    partOf: name,
    environment: environment,
    className: 'traefik',
    hosts: ['%s.%s.test' % [port, namespace]],
    tlsSecretName: name + '-tls',
    routes: [{ service: to, port: port }],
  }).ingress;
  k.files(backend {
    'http-service': http,
    'grpc-ingress': lead('grpc', backend.service),
    'http-ingress': lead('http', http),
  })
