// The kinds that kubernetes.libsonnet constructs: their version, and the fields that their spec has. A test holds the
// fields against the schemas of the pinned Kubernetes and of the custom kinds.
local kind(apiVersion, spec) = { apiVersion: apiVersion, spec: spec };

{
  CronJob: kind('batch/v1', ['concurrencyPolicy', 'failedJobsHistoryLimit', 'jobTemplate', 'schedule', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'suspend', 'timeZone']),
  DaemonSet: kind('apps/v1', ['minReadySeconds', 'revisionHistoryLimit', 'selector', 'template', 'updateStrategy']),
  Deployment: kind('apps/v1', ['minReadySeconds', 'paused', 'progressDeadlineSeconds', 'replicas', 'revisionHistoryLimit', 'selector', 'strategy', 'template']),
  GRPCRoute: kind('gateway.networking.k8s.io/v1', ['hostnames', 'parentRefs', 'rules']),
  Gateway: kind('gateway.networking.k8s.io/v1', ['addresses', 'allowedListeners', 'gatewayClassName', 'infrastructure', 'listeners', 'tls']),
  HTTPRoute: kind('gateway.networking.k8s.io/v1', ['hostnames', 'parentRefs', 'rules']),
  HorizontalPodAutoscaler: kind('autoscaling/v2', ['behavior', 'maxReplicas', 'metrics', 'minReplicas', 'scaleTargetRef']),
  Ingress: kind('networking.k8s.io/v1', ['defaultBackend', 'ingressClassName', 'rules', 'tls']),
  Job: kind('batch/v1', ['activeDeadlineSeconds', 'backoffLimit', 'backoffLimitPerIndex', 'completionMode', 'completions', 'managedBy', 'manualSelector', 'maxFailedIndexes', 'parallelism', 'podFailurePolicy', 'podReplacementPolicy', 'selector', 'successPolicy', 'suspend', 'template', 'ttlSecondsAfterFinished']),
  NetworkPolicy: kind('networking.k8s.io/v1', ['egress', 'ingress', 'podSelector', 'policyTypes']),
  PersistentVolumeClaim: kind('v1', ['accessModes', 'dataSource', 'dataSourceRef', 'resources', 'selector', 'storageClassName', 'volumeAttributesClassName', 'volumeMode', 'volumeName']),
  PodDisruptionBudget: kind('policy/v1', ['maxUnavailable', 'minAvailable', 'selector', 'unhealthyPodEvictionPolicy']),
  PrometheusRule: kind('monitoring.coreos.com/v1', ['groups']),
  Service: kind('v1', ['allocateLoadBalancerNodePorts', 'clusterIP', 'clusterIPs', 'externalIPs', 'externalName', 'externalTrafficPolicy', 'healthCheckNodePort', 'internalTrafficPolicy', 'ipFamilies', 'ipFamilyPolicy', 'loadBalancerClass', 'loadBalancerIP', 'loadBalancerSourceRanges', 'ports', 'publishNotReadyAddresses', 'selector', 'sessionAffinity', 'sessionAffinityConfig', 'trafficDistribution', 'type']),
  ServiceMonitor: kind('monitoring.coreos.com/v1', ['attachMetadata', 'bodySizeLimit', 'convertClassicHistogramsToNHCB', 'endpoints', 'fallbackScrapeProtocol', 'jobLabel', 'keepDroppedTargets', 'labelLimit', 'labelNameLengthLimit', 'labelValueLengthLimit', 'namespaceSelector', 'nativeHistogramBucketLimit', 'nativeHistogramMinBucketFactor', 'podTargetLabels', 'sampleLimit', 'scrapeClass', 'scrapeClassicHistograms', 'scrapeProtocols', 'selector', 'selectorMechanism', 'targetLabels', 'targetLimit']),
  StatefulSet: kind('apps/v1', ['minReadySeconds', 'ordinals', 'persistentVolumeClaimRetentionPolicy', 'podManagementPolicy', 'replicas', 'revisionHistoryLimit', 'selector', 'serviceName', 'template', 'updateStrategy', 'volumeClaimTemplates']),
}
