"""Files of the repository that pages link to, as `bazel run //docs:update` finds them."""

LINKED = [
    "LICENSE",
    "bench/README.md",
    "docs/dashboards.png",
    "docs/data_flow.svg",
    "docs/runbooks/cluster.md",
    "docs/runbooks/deploys.md",
    "docs/runbooks/redis.md",
    "docs/runbooks/registry.md",
    "examples/ci",
    "examples/ci/github.yml",
    "examples/ci/gitlab.yml",
    "examples/from_rules_k8s",
    "examples/minimal",
    "examples/polyglot",
    "services/routeguide",
    "services/routeguide/server/BUILD.bazel",
]
