// Wrong calls of the library, each under the name of its golden message. A new one needs a file of its name in
// golden/fails, which may be empty: `bazel run //jsonnet/tests:update_goldens` fills it.
local configmap = import 'jsonnet/configmap.libsonnet';
local cronjob = import 'jsonnet/cronjob.libsonnet';
local dashboards = import 'jsonnet/dashboards.libsonnet';
local dependency = import 'jsonnet/dependency.libsonnet';
local gateway = import 'jsonnet/gateway.libsonnet';
local ingress = import 'jsonnet/ingress.libsonnet';
local job = import 'jsonnet/job.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local namespace = import 'jsonnet/namespace.libsonnet';
local secret = import 'jsonnet/secret.libsonnet';
local service = import 'jsonnet/service.libsonnet';
local statefulset = import 'jsonnet/statefulset.libsonnet';

local environment = { name: 'dev', namespace: 'dev', replicas: 2, provides: ['metrics-server'] };
local web = { name: 'web', environment: environment, image: 'registry.example/web', ports: { grpc: 8080 } };
local store = web { name: 'store', storage: '1Gi', probes: {} };
local run = { name: 'migrate', environment: environment, image: 'registry.example/web' };
local redis = k.service('redis', 'dev', { ports: [{ name: 'redis', port: 6379 }] });
local route = { name: 'web', environment: environment { provides: ['gateway-api'] }, className: 'public', hosts: ['web.example.com'] };
local watched(monitoring) = service(web { ports+: { metrics: 9464 }, monitoring: { port: 'metrics' } + monitoring });
local requests = { title: 'Requests', queries: [{ expr: 'up' }] };
local board(panels, variables=[]) = dashboards.model({ name: 'web', title: 'Web', service: 'web', variables: variables, rows: [{ title: 'Calls', panels: panels }] });

local cases = {
  secret_encoding: secret.env('TOKEN', 'hex'),

  // What every component says of its parameters.
  no_object: service('web'),
  missing: service({ name: 'web' }),
  no_name: statefulset({ image: 'x', environment: environment }),
  unknown: service(web { replica: 3 }),
  unknown_below: service(web { resources: { limit: {} } }),
  several: service(web { replicas: '3', portz: {}, image:: null }),
  boolean: service(web { apiAccess: 'yes' }),
  text: service(web { image: 3 }),
  object: service(web { volumes: { '/data': 'data' } }),
  list: service(web { args: '--verbose' }),
  list_item: service(web { args: ['--port', 80] }),
  map: service(web { env: ['MODE'] }),
  either: service(web { env: { MODE: true } }),
  one_of: service(web { spread: 'never' }),
  record: service(web { resources: '1Gi' }),
  whole_number: service(web { replicas: 1.5 }),
  port_number: service(web { ports: { grpc: 80800 } }),
  port_name: service(web { ports: { 'the-port-of-grpc': 8080 } }),
  name: service(web { name: 'Web' }),
  sidecar_port: statefulset(store { sidecars: { guard: { image: 'i', ports: ['other'], resources: {} } } }),
  short_name: statefulset(store { name: std.repeat('x', 53) }),
  environment: service(web { environment: 'dev' }),
  quantity: service(web { resources: { limits: { memory: '1GB' } } }),
  folder: service(web { volumes: { data: { emptyDir: {} } } }),
  file_name: service(web { files: { 'etc/web.yml': '' } }),
  duration: service(web { monitoring: { port: 'grpc', interval: 'often' } }),
  dependency: service(web { dependencies: { redis: 'redis' } }),

  // What pods say of parameters that do not fit one another.
  requests_over_limits: service(web { resources: { requests: { memory: '1Gi' } } }),
  grace: service(web { terminationGracePeriodSeconds: 10, preStopSleepSeconds: 10 }),
  folders: service(web { volumes: { '/var/data': { emptyDir: {} }, '/var-data': { emptyDir: {} } } }),
  folder_names: service(web { volumes: { [folder]: { emptyDir: {} } for folder in ['/_', '/a b', '/' + std.repeat('x', 64)] } }),
  files_folder: service(web { files: { a: '' }, filesFolder: '/etc/a', volumes: { '/etc/a': { emptyDir: {} } } }),
  sidecar_folder: statefulset(store { sidecars: { guard: { image: 'i', folders: ['/data', '/other'], resources: {} } } }),
  data_folder: statefulset(store { volumes: { '/data': { emptyDir: {} } } }),
  data_volume: statefulset(store { dataFolder: '/var/lib/store', volumes: { '/data': { emptyDir: {} } } }),

  // What others call.
  service_port: service(web { servicePorts: { http: 80 } }),
  monitoring_port: service(web { monitoring: { port: 'metrics' } }),
  health_port: service(web { ports: { http: 80 } }),
  headless: service(web { headless: true }),
  headless_name: service(web { name: std.repeat('x', 55), headless: true, servicePorts: { grpc: 8080 } }),
  headless_port: service(web { headless: true, servicePorts: { grpc: 80 } }),
  autoscaling: service(web { autoscaling: { max: 1 } }),
  statefulset_ports: statefulset(store { ports: {} }),

  // What watches a component.
  slo_objective: watched({ slos: { availability: { objective: 90 } } }),
  slo_objective_range: watched({ slos: { availability: { objective: 100 } } }),
  slo_seconds: watched({ slos: { latency: { objective: 99, seconds: 0.3 } } }),
  slo_calls: watched({ calls: 'none', slos: { availability: { objective: 99 } } }),
  slo_half: watched({ slos: { stock: { objective: 99, errors: 'stock_errors_total' } } }),
  slo_window: watched({ slos: { availability: { objective: 99, window: '90s' } } }),
  slo_interval: watched({ interval: '30s', slos: { availability: { objective: 99, window: '5m' } } }),
  slo_no_interval: watched({ slos: { availability: { objective: 99, window: '5m' } } }),
  interval: watched({ interval: '5m' }),
  slo_methods: watched({ slos: { availability: { objective: 99, methods: ['Get.*'] } } }),
  slo_code: watched({ slos: { availability: { objective: 99, codes: ['INTERNAL', 'UNAVAILIBLE'] } } }),
  slo_no_code: watched({ slos: { availability: { objective: 99, codes: [] } } }),
  slo_code_ok: watched({ slos: { availability: { objective: 99, codes: ['OK'] } } }),
  slo_seconds_codes: watched({ slos: { latency: { objective: 99, seconds: 0.25, codes: ['INTERNAL'] } } }),
  slo_errors_calls: watched({ slos: { stock: { objective: 99, errors: 'a', total: 'b', methods: ['Get'], codes: ['INTERNAL'], seconds: 0.25 } } }),
  alert_summary: watched({ alerts: { Full: { expr: 'up == 0', summary: ' ' } } }),
  alert_query: watched({ alerts: { Full: { expr: '', summary: 'It is full' } } }),
  dashboard_own: watched({ dashboard: { rows: [{ title: 'Own', panels: [requests] }] } }),

  // Dashboards.
  dashboard_twice: board([requests, { title: 'Errors', queries: [{ expr: 'up' }] }, requests]),
  dashboard_unit: board([requests { unit: 'furlongs' }]),
  dashboard_query: board([requests { queries: [{ expr: ' ' }] }]),
  dashboard_no_query: board([requests { queries: [] }]),
  dashboard_field: board([requests { querys: [] }, { title: 'Errors' }]),
  dashboard_number: board([requests { thresholds: [{ value: 'much', severity: 'warning' }] }]),
  dashboard_row: dashboards.model({ name: 'web', title: 'Web', service: 'web', rows: [{ title: '', panels: [] }, { panels: [] }] }),
  dashboard_datasource: board([requests], [{ name: 'datasource', query: 'label_values(up, job)' }]),
  dashboard_name: dashboards.model({ name: 'Web', title: 'Web', service: 'web', rows: [] }),

  // Jobs.
  schedule: cronjob(run { schedule: 'at noon' }),
  cronjob_deadline: cronjob(run { schedule: '@daily', startingDeadlineSeconds: 9 }),
  job_name: job(run { name: std.repeat('x', 53) }),

  // Files.
  configmap_empty: configmap({ name: 'web', environment: environment }),
  configmap_twice: configmap({ name: 'web', environment: environment, files: { a: '' }, binaryFiles: { a: [0] } }),
  configmap_bytes: configmap({ name: 'web', environment: environment, binaryFiles: { a: [256] } }),
  configmap_size: configmap({ name: 'web', environment: environment, files: { a: std.repeat('x', 1048577) } }),
  files_size: service(web { files: { a: std.repeat('x', 1048577) } }),

  // Ways in from outside.
  host: ingress({ name: 'web', environment: environment, routes: [], hosts: ['Web'] }),
  ingress_port: ingress({ name: 'web', environment: environment, hosts: ['web.example.com'], routes: [{ service: redis, port: 'http' }] }),
  ingress_routes: ingress({ name: 'web', environment: environment, hosts: ['web.example.com'], routes: [] }),
  gateway_routes: gateway(route),
  gateway_parent: gateway(route { parent: { name: 'public' }, http: [{ service: redis, port: 'redis' }] }),
  gateway_tls: gateway(route { className: null, parent: { name: 'public' }, tlsSecretName: 'web-tls', http: [{ service: redis, port: 'redis' }] }),
  gateway_class: gateway(route { className: null, http: [{ service: redis, port: 'redis' }] }),
  gateway_port: gateway(route { http: [{ service: redis, port: 'http' }] }),
  gateway_hosts: gateway(route { http: [{ service: redis, port: 'redis' }], grpc: [{ service: redis, port: 'redis' }] }),

  // Constructors.
  kind_name: k.service('', 'dev', {}),
  kind_spec: k.service('web', 'dev', []),
  kind_field: k.deployment('web', 'dev', { replica: 1 }),

  namespace_level: namespace({ name: 'dev', level: 'strict' }),

  // What is read of rendered Services.
  dependency_unknown: dependency.of({ redis: redis }, 'reddis'),
  dependency_none: dependency.of({}, 'redis'),
  dependency_kind: dependency.name({ kind: 'Deployment', metadata: { name: 'redis' } }),
  dependency_headless: dependency.podsAddress(redis, 'redis'),
  dependency_port: dependency.address(redis, 'store'),
};

function(case) cases[case]
