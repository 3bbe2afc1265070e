// What jobs and cronjobs have in common: pods that end.
local parts = import 'parts.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

{
  // The parameters of both.
  parameters:: pod.parameters {
    // Its pods carry the name and the time or a number in a label of at most 63 letters.
    name: t.required(t.shortName, 'The name of its objects, at most 52 letters.'),
    preStopSleepSeconds: pod.parameters.preStopSleepSeconds { default:: 0, defaultText: '0', doc: 'How long it goes on before it is told to end. Nobody sends it anything.' },
    parallelism: t.optional(t.wholeNumber(1), 'How many pods run at a time.', 1),
    completions: t.optional(t.wholeNumber(1), 'How many pods must succeed.', 1),
    backoffLimit: t.optional(t.wholeNumber(0), 'How many pods may fail. One that was moved from its node does not count.', 3),
    activeDeadlineSeconds: t.optional(t.wholeNumber(1), 'After how long it has failed, however far it is.', 3600),
  },

  // The objects beside the job itself: role → when.
  roles:: {
    serviceaccount: 'always',
    networkpolicy: 'always: nobody may call its pods',
    configmap: 'with `files`',
  },

  // Returns the spec of a Job.
  jobSpec(config):: {
    parallelism: config.parallelism,
    completions: config.completions,
    backoffLimit: config.backoffLimit,
    activeDeadlineSeconds: config.activeDeadlineSeconds,
    // A pod that its node put out has not failed.
    podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] },
    // Never two pods at the same work, also while one is ending.
    podReplacementPolicy: 'Failed',
    // A pod that failed stays, and so does its log.
    template: pod.template(config, { minPods: config.parallelism, restartPolicy: 'Never' }),
  },

  // Returns the objects beside the job itself.
  objects(config):: {
    serviceaccount: parts.serviceAccount(config),
    networkpolicy: parts.networkPolicy(config),
    [if config.files != {} then 'configmap']: parts.configMap(config),
  },
}
