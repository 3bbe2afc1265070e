// Work that is done again and again.
local batch = import 'batch.libsonnet';
local component = import 'component.libsonnet';
local k = import 'kubernetes.libsonnet';
local pod = import 'pod.libsonnet';
local t = import 'types.libsonnet';

component({
  kind: 'cronjob',
  doc: 'Work that is done at set times.',
  notes: [
    |||
      Runs are named after their time, and `schedule` goes by `timeZone`: in one with summer time a run between two and three
      at night may be missing or happen twice.
    |||,
  ],
  parameters: batch.parameters {
    schedule: t.required(t.schedule, 'When.'),
    timeZone: t.optional(t.text, 'Whose clock `schedule` goes by.', 'Etc/UTC'),
    concurrencyPolicy: t.optional(t.oneOf(['Forbid', 'Replace', 'Allow']), 'What becomes of a run whose time comes while the last one is still running.', 'Forbid'),
    startingDeadlineSeconds: t.optional(t.wholeNumber(10), 'How late a run may begin, where the cluster was away. Below 10 it might never begin, as times are looked at every ten seconds; without it a hundred missed runs would end the schedule.', 300),
    successfulJobsHistoryLimit: t.optional(t.wholeNumber(0), 'How many runs that succeeded are kept, with their logs.', 1),
    failedJobsHistoryLimit: t.optional(t.wholeNumber(0), 'How many runs that failed are kept, with their logs.', 3),
    suspend: t.optional(t.boolean, 'Whether no run begins.', false),
  },
  roles: { cronjob: 'always' } + batch.roles,
  checks:: pod.checks,
  render(config):: {
    cronjob: k.cronJob(config.name, config.environment.namespace, {
      schedule: config.schedule,
      timeZone: config.timeZone,
      concurrencyPolicy: config.concurrencyPolicy,
      startingDeadlineSeconds: config.startingDeadlineSeconds,
      successfulJobsHistoryLimit: config.successfulJobsHistoryLimit,
      failedJobsHistoryLimit: config.failedJobsHistoryLimit,
      suspend: config.suspend,
      jobTemplate: {
        metadata: { labels: pod.labels(config) },
        spec: batch.jobSpec(config),
      },
    }, pod.labels(config)),
  } + batch.objects(config),
})
