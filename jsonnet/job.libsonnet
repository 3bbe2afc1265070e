// Work that is done once.
local batch = import 'batch.libsonnet';
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

// That a changed Job is made anew, as it can't be changed: for an apply, for Argo CD and for Flux.
local MADE_ANEW = {
  'fathom.internal/on-immutable': 'recreate',
  'argocd.argoproj.io/sync-options': 'Force=true,Replace=true',
  'kustomize.toolkit.fluxcd.io/force': 'enabled',
};

component({
  kind: 'job',
  doc: 'Work that is done once for each version of it, such as a migration. An apply waits until it is done.',
  notes: [
    |||
      Almost nothing of a Job can be changed. Where what it does or its image is another, an apply deletes it, with its pods and
      their logs, and makes it anew, as its annotation `fathom.internal/on-immutable: recreate` says; while it still runs,
      the apply says `K8S_IMMUTABLE` instead. One that has not changed is run again only where it has failed.
    |||,
    |||
      Argo CD and Flux make a changed one anew by annotations of theirs, also while it runs; [GitOps](gitops.md) tells what Argo CD
      must be told besides.
    |||,
    |||
      Without `ttlSecondsAfterFinished` a finished Job stays, as a mark that it is done: what is not there an apply makes, so one
      that was deleted would run again.
    |||,
  ],
  parameters: batch.parameters {
    ttlSecondsAfterFinished: t.optional(t.wholeNumber(0), 'After how long a finished job is deleted; the next apply then does its work again. Left out, it stays.'),
  },
  roles: { job: 'always' } + batch.roles,
  checks:: pod.checks,
  render(config):: {
    job: k.job(config.name, config.environment.namespace, batch.jobSpec(config) {
      [if config.ttlSecondsAfterFinished != null then 'ttlSecondsAfterFinished']: config.ttlSecondsAfterFinished,
    }, pod.labels(config), MADE_ANEW),
  } + batch.objects(config),
})
