// A migration in four parts, two at a time, on two nodes.
local job = import 'jsonnet/job.libsonnet';

job({
  name: 'migrate',
  environment: { name: 'prod', namespace: 'prod' },
  image: 'registry.example/migrate:1.0',
  parallelism: 2,
  completions: 4,
  spread: 'required',
  ttlSecondsAfterFinished: 86400,
  files: { 'steps.sql': 'select 1' },
})
