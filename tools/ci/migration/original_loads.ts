// What BUILD files of the old rule sets load, as their documentation shows it.

/** From each of their files, what this one has, in each spelling of the file's name. */
const LOADED: readonly (readonly [file: string, ...symbols: readonly string[]])[] = [
  ['@io_bazel_rules_k8s//k8s:object.bzl', 'k8s_object'],
  ['@io_bazel_rules_k8s//k8s:objects.bzl', 'k8s_objects'],
  ['@io_bazel_rules_k8s//k8s:k8s.bzl', 'k8s_defaults'],
  [
    '@io_bazel_rules_docker//container:container.bzl',
    'container_bundle',
    'container_flatten',
    'container_image',
    'container_import',
    'container_layer',
    'container_push',
  ],
  ['@io_bazel_rules_docker//container:image.bzl', 'container_image'],
  ['@io_bazel_rules_docker//container:layer.bzl', 'container_layer'],
  ['@io_bazel_rules_docker//container:push.bzl', 'container_push'],
  ['@io_bazel_rules_docker//contrib:test.bzl', 'container_test'],
  ['@io_bazel_rules_docker//docker:docker.bzl', 'docker_build'],
  ['@io_bazel_rules_docker//docker/util:run.bzl', 'container_run_and_commit', 'container_run_and_extract'],
  ['@io_bazel_rules_docker//nodejs:image.bzl', 'nodejs_image'],
  ['@io_bazel_rules_docker//go:image.bzl', 'go_image'],
  ['@io_bazel_rules_docker//java:image.bzl', 'java_image'],
  ['@io_bazel_rules_docker//python:image.bzl', 'py_image'],
  ['@io_bazel_rules_docker//python3:image.bzl', 'py3_image'],
  ['@io_bazel_rules_jsonnet//jsonnet:jsonnet.bzl', 'jsonnet_library', 'jsonnet_to_json', 'jsonnet_to_json_test'],
  ['@rules_jsonnet//jsonnet:jsonnet.bzl', 'jsonnet_library', 'jsonnet_to_json'],
  ['@build_bazel_rules_nodejs//:index.bzl', 'nodejs_binary', 'nodejs_test'],
  ['@npm//@bazel/typescript:index.bzl', 'ts_library', 'ts_project'],
  ['@npm//@bazel/concatjs:index.bzl', 'ts_library'],
  ['@aspect_rules_ts//ts:defs.bzl', 'ts_project'],
];

// A name may be loaded once in a file, so each has one of its own here.
const argumentsOf = (file: string, index: number, symbols: readonly string[]): string =>
  [`"${file}"`, ...symbols.map((symbol) => `${symbol}_${index} = "${symbol}"`)].join(', ');

/** A BUILD file that loads all of it; the last statement has a line for each argument. */
export const ORIGINAL_LOADS = `${LOADED.map(
  ([file, ...symbols], index) => `load(${argumentsOf(file, index, symbols)})\n`,
).join('')}load(
    "@io_bazel_rules_docker//container:container.bzl",
    "container_image",
)
`;
