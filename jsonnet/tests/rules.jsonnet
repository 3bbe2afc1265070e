// The rules of service_watched.jsonnet, for their test.
(import 'jsonnet/tests/service_watched.jsonnet').prometheusrule
