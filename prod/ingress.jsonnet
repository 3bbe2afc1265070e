// The way in from outside: Traefik, which serves Ingresses of class `traefik` in all namespaces.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local namespaced = import 'jsonnet/namespace.libsonnet';
local service = import 'jsonnet/service.libsonnet';

// By these, services let its pods in: ingressController of jsonnet/labels.libsonnet.
local name = 'traefik';
local namespace = 'ingress';
local rbac = 'rbac.authorization.k8s.io';

// Above 1024, where a process needs no capability to listen. The Service has those that everybody knows.
local ports = { web: 8000, websecure: 8443, metrics: 8080 };

local probe = { httpGet: { path: '/ping', port: 'metrics' } };

// It follows what it reads: informers list and watch, and never get single objects.
local read(group, resources) = { apiGroups: [group], resources: resources, verbs: ['list', 'watch'] };

// image: its name in manifests.
function(image) k.files(service({
  name: name,
  partOf: 'ingress',
  environment: { namespace: namespace, replicas: 1, provides: ['prometheus-operator'] },
  image: image,
  args: [
    '--entryPoints.web.address=:%d' % ports.web,
    '--entryPoints.websecure.address=:%d' % ports.websecure,
    // All that comes in here is TLS, with the certificates of the Ingresses, or else one that it makes itself.
    '--entryPoints.websecure.http.tls=true',
    // By default it ends a request that has not come to its end within a minute, and so every stream of gRPC.
    '--entryPoints.web.transport.respondingTimeouts.readTimeout=0s',
    '--entryPoints.websecure.transport.respondingTimeouts.readTimeout=0s',
    // Its own entry point of this name is the only one that no Ingress is served at unless it says so.
    '--entryPoints.traefik.address=:%d' % ports.metrics,
    '--ping=true',
    '--metrics.prometheus=true',
    '--providers.kubernetesIngress=true',
    '--providers.kubernetesIngress.ingressClass=' + name,
    // 503 while no pod of a Service is ready: 404 is for what nobody has declared.
    '--providers.kubernetesIngress.allowEmptyServices=true',
    // The path /a is not the beginning of /ab, as Kubernetes has it.
    '--providers.kubernetesIngress.strictPrefixMatching=true',
    // It speaks to nobody but the API server and the services.
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
    '--log.format=json',
    '--log.level=INFO',
  ],
  ports: ports,
  servicePorts: { web: 80, websecure: 443 },
  monitoring: { port: 'metrics' },
  apiAccess: true,
  probes: {
    startupProbe: probe { periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: probe { periodSeconds: 2 },
    livenessProbe: probe { periodSeconds: 10 },
  },
  // Whoever is outside, at addresses that nobody knows before.
  callers: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }],
}) {
  namespace: namespaced({ name: namespace }).namespace,
  clusterrole: k.object(rbac + '/v1', 'ClusterRole', name, labels=labels.all(name, 'ingress')) {
    rules: [
      // Secrets, as those with certificates can't be told from the others by RBAC; nodes, as it does not start without.
      read('', ['nodes', 'secrets', 'services']),
      read('discovery.k8s.io', ['endpointslices']),
      read('networking.k8s.io', ['ingressclasses', 'ingresses']),
    ],
  },
  clusterrolebinding: k.object(rbac + '/v1', 'ClusterRoleBinding', name, labels=labels.all(name, 'ingress')) {
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: name },
    subjects: [{ kind: 'ServiceAccount', name: name, namespace: namespace }],
  },
  ingressclass: k.object('networking.k8s.io/v1', 'IngressClass', name, labels=labels.all(name, 'ingress')) {
    spec: { controller: 'traefik.io/ingress-controller' },
  },
})
