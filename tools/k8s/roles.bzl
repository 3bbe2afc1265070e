"""What a service's manifests are called: the one table of roles, and of what a cluster must have for some of them."""

# What a cluster may have beside Kubernetes itself, and an environment then `provides`.
CAPABILITIES = {
    "gateway-api": "the kinds of the Gateway API, and a controller that serves them",
    "grafana": "a Grafana whose sidecar finds dashboards in ConfigMaps",
    "grafana-operator": "the kinds of the operator of Grafana, and the operator",
    "metrics-server": "the API of resource metrics, by which pods are scaled",
    "prometheus-operator": "the kinds of the Prometheus Operator, and the operator",
    "zones": "nodes that say in which zone they are, over which pods are then spread",
}

# For each role: the kind of its object, whether that has pods (and so images), and what it needs of the cluster. The
# components of //jsonnet name what they return by these roles, and leave out what the environment does not provide.
ROLES = {
    "configmap": struct(kind = "ConfigMap", pods = False, needs = None),
    "cronjob": struct(kind = "CronJob", pods = True, needs = None),
    "dashboard": struct(kind = "ConfigMap", pods = False, needs = None),
    "deployment": struct(kind = "Deployment", pods = True, needs = None),
    "gateway": struct(kind = "Gateway", pods = False, needs = "gateway-api"),
    "grafana": struct(kind = "ConfigMap", pods = False, needs = "grafana"),
    "grafanadashboard": struct(kind = "GrafanaDashboard", pods = False, needs = "grafana-operator"),
    "grpcroute": struct(kind = "GRPCRoute", pods = False, needs = "gateway-api"),
    "headless": struct(kind = "Service", pods = False, needs = None),
    "horizontalpodautoscaler": struct(kind = "HorizontalPodAutoscaler", pods = False, needs = "metrics-server"),
    "httproute": struct(kind = "HTTPRoute", pods = False, needs = "gateway-api"),
    "ingress": struct(kind = "Ingress", pods = False, needs = None),
    "job": struct(kind = "Job", pods = True, needs = None),
    "networkpolicy": struct(kind = "NetworkPolicy", pods = False, needs = None),
    "poddisruptionbudget": struct(kind = "PodDisruptionBudget", pods = False, needs = None),
    "prometheusrule": struct(kind = "PrometheusRule", pods = False, needs = "prometheus-operator"),
    "secret": struct(kind = "Secret", pods = False, needs = None),
    "service": struct(kind = "Service", pods = False, needs = None),
    "serviceaccount": struct(kind = "ServiceAccount", pods = False, needs = None),
    "servicemonitor": struct(kind = "ServiceMonitor", pods = False, needs = "prometheus-operator"),
    "statefulset": struct(kind = "StatefulSet", pods = True, needs = None),
}
