"""Monitoring: rules and dashboards are checked before a Prometheus sees them, and rules are tested."""

load("//tools/monitoring/private:tests.bzl", _prometheus_metrics_test = "prometheus_metrics_test", _prometheus_rule_test = "prometheus_rule_test")

prometheus_metrics_test = _prometheus_metrics_test
prometheus_rule_test = _prometheus_rule_test
