// Code of pages that is not run, each with its reason: data, so that a test finds those that no page has any more.

/** Why code is not run. */
export const REASONS = {
  'changes the machine': 'it starts, stops or changes the cluster that the pages are run on, or needs root for more',
  'another check': 'another check runs it, or what it does',
  'takes hours': 'it takes hours',
  elsewhere: 'it needs a program, a server or a cluster that is not of this repository',
  'yours to fill in': 'it has a place for what only its reader knows',
  'bazel 7': 'it is of MODULE.bazel, which //tools/ci/bazel_versions loads in the examples',
  'of a WORKSPACE': 'it declares repositories, as the WORKSPACE of this repository and those of the examples do',
  'made from the sources': 'it is the value of a constant, as the sources have it: //docs:rules_test compares it',
  'a picture': 'it shows how something is made up, or what a program says when something is wrong',
} as const;

export type Reason = keyof typeof REASONS;

/** A command, or a block of other code, that is not run. */
export interface Exception {
  readonly page: string;
  /** How it begins. */
  readonly code: string;
  readonly reason: Reason;
}

const of = (page: string, reason: Reason, ...codes: readonly string[]): readonly Exception[] =>
  codes.map((code) => ({ page, code, reason }));

const PIPELINE = 'bazel run @fathom//tools/ci/pipeline -- ';

/** What the WORKSPACE of examples/polyglot has as well, which is built by `./fathom test`. */
const WORKSPACE_CODE = [
  'load("@fathom//tools/go:repositories.bzl", "go_modules")',
  'load("@fathom//tools/packages:defs.bzl", "maven_artifacts")',
  'load("@fathom//tools/packages:defs.bzl", "pypi_packages")',
];

/** Module extensions, by the names that docs/rules.md gives them. */
const EXTENSIONS = ['debian', 'environments', 'go', 'k8s_defaults', 'maven', 'npm', 'oci', 'pypi'];

/** Rules whose examples are what docs/rules.md shows of them. */
const REPOSITORY_RULES = [
  'fathom_environments',
  'go_binaries',
  'go_module_files',
  'go_modules',
  'go_sdk',
  'k8s_defaults',
  'maven_model',
  'npm_packages',
  'oci_pull',
  'protobuf_repository',
  'pypi_wheel',
  'tool_repositories',
];
const LOCKS = ['debian_packages', 'maven_artifacts', 'pypi_packages'];

export const EXCEPTIONS: readonly Exception[] = [
  ...of('README.md', 'another check', './fathom up', './fathom test'),
  ...of('README.md', 'bazel 7', 'bazel_dep('),
  ...of('README.md', 'yours to fill in', 'bazel run //prod:gitops'),
  ...of('docs/bazel_versions.md', 'bazel 7', 'module('),
  ...of('docs/bazel_versions.md', 'takes hours', 'bazel run //tools/ci/bazel_versions'),
  ...of('docs/checks.md', 'a picture', 'error: MANIFEST_UNKNOWN_FIELD'),
  ...of('docs/ci.md', 'another check', ...['setup', 'build', 'test', 'diff', 'deploy'].map((step) => PIPELINE + step)),
  ...of('docs/ci.md', 'another check', 'bazel run //tools/ci:hermetic'),
  ...of('docs/ci.md', 'a picture', 'error: HERMETIC_DIFFERS'),
  ...of('docs/clusters.md', 'a picture', 'unshare, tini'),
  ...of('docs/clusters.md', 'changes the machine', './fathom add-node', './fathom stop-node', './fathom start-node'),
  ...of('docs/clusters.md', 'changes the machine', './fathom up --mirror=docker.io', './fathom up --mirror=registry'),
  ...of('docs/clusters.md', 'elsewhere', './fathom up --provider=k3d', 'docker network', 'k3d cluster', 'k3d image'),
  ...of('docs/clusters.md', 'elsewhere', './fathom up --provider=existing'),
  ...of('docs/from_rules_k8s.md', 'another check', 'sed -f loads.sed'),
  ...of('docs/from_rules_k8s.md', 'yours to fill in', 'bazel run //services/x:dev.resolve | kubectl'),
  ...of('docs/gitops.md', 'a picture', 'staging/\n'),
  ...of('docs/gitops.md', 'yours to fill in', 'bazel run //prod:gitops -- --env=prod'),
  ...of('docs/images.md', 'takes hours', 'bazel run //tools/oci:reproducible'),
  ...of('docs/languages.md', 'yours to fill in', 'bazel run //tools/packages:go_pin'),
  ...of(
    'docs/pins.md',
    'another check',
    'bazel run //services/routeguide/server:restore',
    'bazel run //prod:pins.restore',
  ),
  ...of('docs/packages.md', 'bazel 7', 'maven = use_extension('),
  ...of('docs/rules.md', 'bazel 7', ...EXTENSIONS.map((name) => `${name} = use_extension(`)),
  ...of('docs/rules.md', 'made from the sources', 'FATHOM_LOCKS', 'JOB_MANIFESTS', 'SERVICE_MANIFESTS'),
  ...of('docs/rules.md', 'made from the sources', 'STATEFULSET_MANIFESTS', 'WORKER_MANIFESTS', 'DEFAULTS_ATTRS'),
  ...of('docs/rules.md', 'made from the sources', 'ENVIRONMENTS_ATTRS', 'NODEJS_BASES'),
  ...of('docs/rules.md', 'another check', 'bazel run //services/x:', 'bazel run //prod:'),
  ...of('docs/rules.md', 'of a WORKSPACE', ...REPOSITORY_RULES.map((name) => `${name}(`)),
  ...of('docs/rules.md', 'of a WORKSPACE', 'load("@fathom//tools:repositories.bzl", "fathom_repositories")'),
  ...of('docs/rules.md', 'of a WORKSPACE', 'load("@fathom//tools:packages.bzl", "fathom_packages")'),
  ...of(
    'docs/rules.md',
    'of a WORKSPACE',
    ...LOCKS.map((name) => `load("@fathom//tools/packages:defs.bzl", "${name}")`),
  ),
  ...of('docs/languages.md', 'another check', ...WORKSPACE_CODE),
  ...of('docs/packages.md', 'another check', 'load("@fathom//tools/packages:defs.bzl", "maven_artifacts")'),
  ...of('docs/secrets.md', 'a picture', '${fathom-secret:'),
  ...of('docs/secrets.md', 'elsewhere', 'age-keygen', 'sops encrypt'),
  ...of('docs/services.md', 'a picture', 'error: JSONNET_FAILED', 'ERROR: …/services/a/BUILD.bazel'),
  ...of('docs/testing.md', 'another check', './fathom up', './fathom test'),
  ...of('docs/watching_services.md', 'a picture', 'error: METRIC_UNKNOWN'),
];
