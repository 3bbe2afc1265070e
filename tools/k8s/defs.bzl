"""Kubernetes objects and stacks: rendered and checked by the build, applied by the engine.

    bazel run //services/x:myns-deep.apply

The verbs, for objects and for stacks alike, are those of verbs.bzl. Arguments for a verb follow `--`:

* `--timeout 10m`: how long to wait for readiness and for deletions (default 5m); `--no-wait`
* `--kubeconfig FILE`, `--context NAME`: another cluster
* `--force-conflicts`: take over fields that another manager owns; `--recreate`: delete and make anew what cannot change, and Jobs that
  have failed
* `--all`: delete also what other stacks still need; `--prune-data`: and namespaces, volume claims and CRDs
* `--dry-run`: print what would be done, and do nothing
* `--yes`: change a protected environment without being asked; `--wait-lock 10m`: wait longer for another run

A verb refuses those that it does not read. docs/deploys.md tells of all of them.
"""

load(
    "//tools/k8s:providers.bzl",
    _EnvironmentInfo = "EnvironmentInfo",
    _K8sObjectInfo = "K8sObjectInfo",
    _K8sPinsInfo = "K8sPinsInfo",
    _K8sStackInfo = "K8sStackInfo",
    _ServiceExportsInfo = "ServiceExportsInfo",
)
load("//tools/k8s/private:contract.bzl", _service_exports = "service_exports", _service_imports = "service_imports")
load("//tools/k8s/private:gitops.bzl", _k8s_gitops = "k8s_gitops")
load("//tools/k8s/private:golden.bzl", _k8s_update_goldens = "k8s_update_goldens")
load("//tools/k8s/private:k8s_test.bzl", _k8s_test = "k8s_test")
load("//tools/k8s/private:namespaces.bzl", _personal_namespaces = "personal_namespaces")
load("//tools/k8s/private:pins_macros.bzl", _k8s_pins = "k8s_pins", _k8s_pins_matrix = "k8s_pins_matrix")
load("//tools/k8s/private:registry_gc.bzl", _registry_gc = "registry_gc")
load("//tools/k8s/private:schema_index.bzl", _kubernetes_schemas = "kubernetes_schemas")
load("//tools/k8s/private:service.bzl", _JOB_MANIFESTS = "JOB_MANIFESTS", _MONITORING_MANIFESTS = "MONITORING_MANIFESTS", _SERVICE_MANIFESTS = "SERVICE_MANIFESTS", _STATEFULSET_MANIFESTS = "STATEFULSET_MANIFESTS", _WORKER_MANIFESTS = "WORKER_MANIFESTS", _service = "service")
load("//tools/k8s/private:stacks.bzl", _k8s_object = "k8s_object", _k8s_objects = "k8s_objects")
load("//tools/k8s/private:tests.bzl", _k8s_golden_test = "k8s_golden_test", _k8s_manifests_test = "k8s_manifests_test")

EnvironmentInfo = _EnvironmentInfo
K8sObjectInfo = _K8sObjectInfo
K8sPinsInfo = _K8sPinsInfo
K8sStackInfo = _K8sStackInfo
ServiceExportsInfo = _ServiceExportsInfo
JOB_MANIFESTS = _JOB_MANIFESTS
MONITORING_MANIFESTS = _MONITORING_MANIFESTS
SERVICE_MANIFESTS = _SERVICE_MANIFESTS
STATEFULSET_MANIFESTS = _STATEFULSET_MANIFESTS
WORKER_MANIFESTS = _WORKER_MANIFESTS
k8s_gitops = _k8s_gitops
k8s_golden_test = _k8s_golden_test
k8s_manifests_test = _k8s_manifests_test
k8s_object = _k8s_object
k8s_objects = _k8s_objects
k8s_pins = _k8s_pins
k8s_pins_matrix = _k8s_pins_matrix
k8s_test = _k8s_test
k8s_update_goldens = _k8s_update_goldens
kubernetes_schemas = _kubernetes_schemas
personal_namespaces = _personal_namespaces
registry_gc = _registry_gc
service = _service
service_exports = _service_exports
service_imports = _service_imports
