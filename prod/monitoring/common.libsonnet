// What the parts of //prod:monitoring have in common.
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local slo = import 'jsonnet/slo.libsonnet';
local t = import 'jsonnet/types.libsonnet';

local RBAC = 'rbac.authorization.k8s.io';
local PART_OF = 'monitoring';
local NAMESPACE = 'monitoring';
local SCRAPER = 'prometheus-scraper';

// Who scrapes, and by default calls Alertmanager: the pods that the operator makes of the Prometheus in prometheus.jsonnet.
local PROMETHEUS = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } };

// Four looks, which a rate needs to survive one that failed, must fit in the shortest window of objectives, five minutes.
local MOST_SCRAPE_SECONDS = 75;

// Units of Prometheus' times in which anybody would say how long data are kept, in hours.
local HOURS = { h: 1, d: 24, w: 24 * 7, y: 24 * 365 };

{
  NAMESPACE:: NAMESPACE,
  PART_OF:: PART_OF,
  PROMETHEUS:: PROMETHEUS,

  // The account, and the Secret of its token, by which monitors of this namespace read what is told to nobody else.
  SCRAPER:: SCRAPER,
  // For an endpoint that asks who it is, and for one whose certificate the cluster's authority has signed.
  AUTHORIZED:: { authorization: { credentials: { name: SCRAPER, key: 'token' } } },
  SIGNED:: { tlsConfig+: { ca: { configMap: { name: 'kube-root-ca.crt', key: 'ca.crt' } } } },

  // The environment of the components: what they need is what this folder brings.
  ENVIRONMENT:: { namespace: NAMESPACE, replicas: 1, provides: ['prometheus-operator'] },

  // Returns the seconds of the setting `scrapeInterval`, by which those monitors go that say nothing of how often.
  scrapeSeconds(interval)::
    local seconds = if t.duration.problems('', interval) == [] then t.seconds(interval) else 0;
    assert seconds >= 1 && seconds <= MOST_SCRAPE_SECONDS : "monitoring: scrapeInterval must be a time from '1s' to '%ds', got '%s'" % [MOST_SCRAPE_SECONDS, interval];
    seconds,

  // Returns the setting `retention`, by which Prometheus keeps what the longest budgets are computed of.
  retention(time)::
    local last = std.length(time) - 1;
    local number = std.substr(time, 0, last);
    local isNumber = last > 0 && [c for c in std.stringChars(number) if !std.member('0123456789', c)] == [];
    local hours = if isNumber && std.objectHas(HOURS, time[last]) then std.parseInt(number) * HOURS[time[last]] else 0;
    assert hours >= 24 * slo.mostDays : "monitoring: retention must be a time from '%dd', the longest time of an objective, got '%s'" % [slo.mostDays, time];
    time,

  // Returns the labels of objects that are no component's.
  labels(name):: labels.all(name, PART_OF),

  // Returns a rule of a role. group: '' for Kubernetes' own oldest kinds.
  rule(group, resources, verbs):: { apiGroups: [group], resources: resources, verbs: verbs },

  // Returns a ClusterRole and who has it: the ServiceAccount `account` of the namespace monitoring.
  clusterRole(name, account, rules):: {
    clusterrole: k.object(RBAC + '/v1', 'ClusterRole', name, labels=$.labels(account)) { rules: rules },
    clusterrolebinding: $.clusterRoleBinding(name, account, name),
  },

  // Returns a ClusterRoleBinding of a ClusterRole that may be Kubernetes' own.
  clusterRoleBinding(name, account, role):: k.object(RBAC + '/v1', 'ClusterRoleBinding', name, labels=$.labels(account)) {
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: NAMESPACE }],
  },

  // Returns a Role in `namespace`.
  role(name, namespace, account, rules):: k.object(RBAC + '/v1', 'Role', name, namespace, $.labels(account)) { rules: rules },

  // Returns a RoleBinding in `namespace` of a Role there.
  roleBinding(name, namespace, account, role=name):: k.object(RBAC + '/v1', 'RoleBinding', name, namespace, $.labels(account)) {
    roleRef: { apiGroup: RBAC, kind: 'Role', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: NAMESPACE }],
  },

  // Returns the variables by which a Go program keeps below its limit of memory, a number of MiB.
  goMemory(limitMiB):: { GOMEMLIMIT: '%dMiB' % std.floor(limitMiB * 0.9) },

  // Returns `resources` of a container. The limit of processors is left out: there is what nobody else needs.
  resources(cpu, requestMiB, limitMiB):: {
    requests: { cpu: cpu, memory: '%dMi' % requestMiB },
    limits: { memory: '%dMi' % limitMiB, cpu: null },
  },

  // What is ready when the pods are that the operator makes of it: metadata of a kind of the operator.
  AVAILABLE:: { annotations+: { 'fathom.internal/wait-for': 'condition=Available' } },

  // A pod of a kind of the operator: the restricted standard, as the user of our images.
  POD_SECURITY:: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  },

  // Returns the NetworkPolicy of pods that the operator makes. callers: peers that may call `ports` beside Prometheus.
  networkPolicy(name, selector, ports, callers=[]):: k.networkPolicy(name, NAMESPACE, {
    podSelector: { matchLabels: selector },
    policyTypes: ['Ingress'],
    ingress: [{
      from: [PROMETHEUS, { podSelector: { matchLabels: labels.calls(name) } }] + callers,
      ports: [{ port: port, protocol: 'TCP' } for port in ports],
    }],
  }, $.labels(name)),

  // Returns the disruption budget of pods that the operator makes: one may be away.
  disruptionBudget(name, selector):: k.podDisruptionBudget(name, NAMESPACE, {
    maxUnavailable: 1,
    selector: { matchLabels: selector },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  }, $.labels(name)),

  // Returns the relabelling that keeps series by their names.
  keepMetrics(names):: { sourceLabels: ['__name__'], regex: std.join('|', names), action: 'keep' },
}
