// The caller owes the image.
local service = import 'jsonnet/service.libsonnet';

service({ name: 'web', environment: { namespace: 'dev', replicas: 1 }, healthPort: 1 })
