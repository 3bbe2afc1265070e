// What the page about the library shows.
local example = import 'jsonnet/example.jsonnet';
local redis = import 'jsonnet/tests/rendered_redis.libsonnet';

example({ name: 'dev', namespace: 'dev', registry: 'registry.example', replicas: 1, provides: [] }, { redis: redis })
