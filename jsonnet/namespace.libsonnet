// A namespace under the restricted Pod Security Standard: https://kubernetes.io/docs/concepts/security/pod-security-standards/
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local t = import 'types.libsonnet';

component({
  kind: 'namespace',
  doc: 'A namespace that refuses pods which break the Pod Security Standard of its level.',
  notes: [],
  parameters: {
    name: t.required(t.name, 'The name.'),
    level: t.optional(t.oneOf(['restricted', 'baseline', 'privileged']), 'The level of the standard. Less than restricted only with a reason beside it.', 'restricted'),
    labels: t.optional(t.map(t.text, t.text), 'Further labels.', {}),
  },
  roles: { namespace: 'always' },
  checks(config):: [],
  render(config):: {
    namespace: k.namespace(
      config.name,
      config.labels { 'app.kubernetes.io/managed-by': 'fathom' } +
      { ['pod-security.kubernetes.io/' + mode]: config.level for mode in ['enforce', 'audit', 'warn'] },
    ),
  },
})
