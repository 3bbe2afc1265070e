// The module protobuf as the part `next` needs it: the rule that Bazel 9 has no more, and nothing that is compiled.

/** Where it is on the machine. */
export const PROTOBUF = '/var/lib/protobuf';

/** Its MODULE.bazel. */
export const PROTOBUF_MODULE = 'module(name = "protobuf", version = "0")\n';

const SOURCES = 'src/tools/ci/bazel_versions/protobuf';

/** Files of the module → where their content is in the clone, relative to the machine's root; null: empty. */
export const PROTOBUF_FILES: ReadonlyMap<string, string | null> = new Map([
  ['bazel/BUILD.bazel', null],
  ['bazel/common/BUILD.bazel', null],
  ['bazel/common/proto_info.bzl', `${SOURCES}/proto_info.bzl`],
  ['bazel/proto_library.bzl', `${SOURCES}/proto_library.bzl`],
]);
