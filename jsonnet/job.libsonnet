// Work that is done once.
local batch = import 'jsonnet/batch.libsonnet';
local component = import 'jsonnet/component.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local pod = import 'jsonnet/pod.libsonnet';
local t = import 'jsonnet/types.libsonnet';

component({
  kind: 'job',
  doc: 'Work that is done once for each version of it, such as a migration. An apply waits until it is done.',
  parameters: batch.parameters {
    ttlSecondsAfterFinished: t.optional(t.wholeNumber(0), 'After how long a finished job is deleted; the next apply then does its work again. Left out, it stays.'),
  },
  roles: { job: 'always' } + batch.roles,
  checks:: pod.checks,
  render(config):: {
    job: k.job(config.name, config.environment.namespace, batch.jobSpec(config) {
      [if config.ttlSecondsAfterFinished != null then 'ttlSecondsAfterFinished']: config.ttlSecondsAfterFinished,
    }, pod.labels(config)),
  } + batch.objects(config),
})
