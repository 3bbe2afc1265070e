// What docs/jsonnet.md is made from.
local dashboards = import 'dashboards.libsonnet';
local parts = import 'parts.libsonnet';
local pod = import 'pod.libsonnet';

local components = [
  import 'service.libsonnet',
  import 'statefulset.libsonnet',
  import 'job.libsonnet',
  import 'cronjob.libsonnet',
  import 'configmap.libsonnet',
  import 'ingress.libsonnet',
  import 'gateway.libsonnet',
  import 'namespace.libsonnet',
];

{
  title: 'The Jsonnet library',
  intro: [
    'A component is a function from parameters to the objects that production asks for, by their roles:',
    // Code is what is indented by four.
    std.join('\n', [if line == '' then '' else '    ' + line for line in std.split(importstr 'example.jsonnet', '\n')]),
    |||
      **Parameters are checked.** All that is wrong is told at once, with the component, the parameter and what was probably
      meant: `service web: unknown parameter 'replica', the nearest is 'replicas'; must provide image`. Constructors
      refuse fields of `spec` that a kind does not have; what is deeper, [the checks of manifests](checks.md) see.
    |||,
    |||
      **What has no parameter** is added to the result, which is an object like any other:
      `service({ … }) { deployment+: { spec+: { minReadySeconds: 10 } } }`.
    |||,
    |||
      **Pods** meet the restricted Pod Security Standard: a user other than root, no privileges or capabilities, the
      runtime's seccomp profile, a read-only root with a small `/tmp`, or none with `tmp: false`. They get no token for the
      API. They are spread over nodes, each revision of a Deployment on its own, and over zones as well where the
      environment provides `zones`: a scheduler that is told of zones leaves out nodes that are in none. Ports have names,
      and images, which are named by digest, are pulled once. What a container wrote last is in the status of its pod when
      it failed.
    |||,
    |||
      **Who may call whom.** The pods of a component have the label `calls.fathom.internal/<name>: "true"` for each Service in
      `dependencies`, and the NetworkPolicy of a component lets in pods of its namespace with the label of its own
      name, on its service ports. So a caller is declared where it calls. Probes need no rule: the node of a pod may always
      connect to it. Prometheus has one where there is one, and others are named in `callers`. A cluster of
      `./fathom up` acts on the policies; one without a controller for them takes the objects and does nothing.
    |||,
    |||
      **Where pods may connect to** is not limited unless `egress` is given: a NetworkPolicy knows addresses but no host
      names, so a list that nobody wrote for the service at hand would break it, or allow everything anyway. With
      `egress`, even an empty one, there are DNS in kube-system, the `dependencies`, the other pods of a set, and what is in
      the list.
    |||,
    |||
      **What the cluster must have** for some objects is in `environment.provides`: a component leaves them out elsewhere, and
      so does the macro that lists its files. Its other objects then do without: a Deployment has its `replicas`.
    |||,
    |||
      **What watches a component** is in `monitoring`: what it promises (`slos`), further `alerts`, and a `dashboard`, of which
      most is generated. [Watching services](watching_services.md) shows how, and what is checked.
    |||,
    |||
      **Components of your own** are made like these: a table of parameters from `jsonnet/types.libsonnet` and a function of
      their values, given to `jsonnet/component.libsonnet`.
    |||,
  ],
  shared: [
    {
      title: 'Pods',
      doc: 'What every component with pods knows.',
      parameters: pod.parameters,
    },
    {
      title: 'Calls',
      doc: 'What components know that others call.',
      parameters: parts.callParameters,
    },
    {
      title: 'Dashboards',
      doc: 'What a dashboard is, for `dashboards.libsonnet` and `monitoring.dashboard`.',
      parameters: dashboards.parameters,
    },
  ],
  components: [component('describe') for component in components],
}
