// A report every morning.
local cronjob = import 'jsonnet/cronjob.libsonnet';
local redis = import 'jsonnet/tests/rendered_redis.libsonnet';

cronjob({
  name: 'report',
  environment: { name: 'prod', namespace: 'prod' },
  image: 'registry.example/report:1.0',
  schedule: '30 6 * * 1-5',
  timeZone: 'Europe/Berlin',
  activeDeadlineSeconds: 600,
  files: { 'report.sql': 'select 1' },
  dependencies: { redis: redis },
})
