// A service whose pods read a secret.
local k = import 'jsonnet/kubernetes.libsonnet';
local secret = import 'jsonnet/secret.libsonnet';
local service = import 'jsonnet/service.libsonnet';

local file = 'tools/k8s/tests/secrets/secrets.yaml';

function(environment, deps) k.files(service({
  name: 'secretive',
  environment: environment,
  image: environment.registry + '/tools/k8s/tests/services/secretive',
  ports: { http: 8080 },
  servicePorts: { http: 80 },
  healthPort: 8080,
  env: { PASSWORD: { secretKeyRef: { name: 'secretive', key: 'password' } } },
}) {
  secret: secret.object('secretive', environment.namespace, { password: secret.sops(file, 'redis.password') }),
})
