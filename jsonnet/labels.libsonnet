// The labels that Kubernetes recommends: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
{
  // The labels that choose a component's pods. They can't change during its life, so there is but one.
  selector(name):: { 'app.kubernetes.io/name': name },

  // The labels of every object of a component. partOf: what it is a part of, such as 'routeguide'. role: what it is
  // there, such as 'database'; may be empty.
  all(name, partOf, role=''):: self.selector(name) + {
    'app.kubernetes.io/part-of': partOf,
    'app.kubernetes.io/managed-by': 'fathom',
    [if role != '' then 'app.kubernetes.io/component']: role,
  },

  // The label of pods that call a Service. The NetworkPolicy of its pods lets in who has it.
  calls(serviceName):: { ['calls.fathom.internal/' + serviceName]: 'true' },

  // The pods of //prod:ingress, as a peer of a NetworkPolicy: one of the `callers` of a service that Ingresses lead to.
  ingressController():: {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress' } },
    podSelector: { matchLabels: $.selector('traefik') },
  },
}
