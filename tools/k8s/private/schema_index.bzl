"""kubernetes_schemas: the index of the kinds of one release of Kubernetes, out of its own modules' files."""

load("//tools/lib/bzl:labels.bzl", "shown_label")

KubernetesSchemasInfo = provider(
    doc = "The kinds of one release of Kubernetes.",
    fields = {
        "index": "File: release, kinds, definitions and lifecycles, as JSON",
        "validators": "File: the kinds' compiled schemas, a CommonJS module",
    },
)

def _kubernetes_schemas_impl(ctx):
    index = ctx.actions.declare_file(ctx.label.name + ".kinds.json")
    validators = ctx.actions.declare_file(ctx.label.name + ".validators.cjs")
    open_api = [file for file in ctx.files.kubernetes if file.extension == "json"]
    sources = [file for file in ctx.files.kubernetes if file.extension == "go"]
    if not open_api or len(sources) != 1:
        fail("{}: 'kubernetes' must have OpenAPI files and one .go file, got {} and {}. Name api/openapi-spec/v3/*.json and pkg/generated/openapi/zz_generated.openapi.go.".format(ctx.label, len(open_api), len(sources)))
    args = ctx.actions.args()
    args.add("--go-mod", ctx.file.go_mod)
    args.add_all(open_api, before_each = "--open-api")
    args.add_all(ctx.files.api_types, before_each = "--api-types")
    args.add("--enums", sources[0])
    args.add("--index", index)
    args.add("--validators", validators)
    ctx.actions.run(
        mnemonic = "KubernetesSchemas",
        progress_message = "Indexing the schemas of {}".format(shown_label(ctx.label)),
        executable = ctx.executable._build,
        arguments = [args],
        inputs = [ctx.file.go_mod] + ctx.files.kubernetes + ctx.files.api_types,
        outputs = [index, validators],
    )
    return [
        KubernetesSchemasInfo(index = index, validators = validators),
        DefaultInfo(files = depset([index, validators])),
    ]

kubernetes_schemas = rule(
    implementation = _kubernetes_schemas_impl,
    doc = """Indexes the kinds of a release of Kubernetes, for k8s_manifests_test.

All files come from the modules that one go.mod pins, which is also what a cluster of the repo is built of:

    go_module_files(
        name = "kubernetes_openapi",
        files = ["api/openapi-spec/v3/*.json", "pkg/generated/openapi/zz_generated.openapi.go"],
        module = "//third_party/go:kubernetes/go.mod",
        path = "k8s.io/kubernetes",
    )

The rule names them:

    kubernetes_schemas(
        name = "kubernetes",
        api_types = ["@kubernetes_api_types//:files"],
        go_mod = "//third_party/go:kubernetes/go.mod",
        kubernetes = ["@kubernetes_openapi//:files"],
    )
""",
    attrs = {
        "api_types": attr.label_list(
            doc = "register.go and zz_generated.prerelease-lifecycle.go of the folders of k8s.io/api.",
            allow_files = [".go"],
            mandatory = True,
        ),
        "go_mod": attr.label(doc = "The go.mod that pins k8s.io/kubernetes, and so names the release.", allow_single_file = True, mandatory = True),
        "kubernetes": attr.label_list(
            doc = "api/openapi-spec/v3/*.json and pkg/generated/openapi/zz_generated.openapi.go of k8s.io/kubernetes.",
            allow_files = [".go", ".json"],
            mandatory = True,
        ),
        "_build": attr.label(default = "//tools/k8s/schema:build_index", cfg = "exec", executable = True),
    },
    provides = [KubernetesSchemasInfo],
)
