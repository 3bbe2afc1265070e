# Moves a BUILD file over: `sed -f loads.sed -i BUILD.bazel`. It changes load statements alone.
/^load("/ b move
/^load($/,/^)/ b move
b
:move
s|"@io_bazel_rules_k8s//k8s:objects\{0,1\}\.bzl"|"@fathom//tools/k8s:defs.bzl"|
s|"@io_bazel_rules_k8s//k8s:k8s\.bzl"|"@fathom//tools/k8s:repositories.bzl"|
s|"@io_bazel_rules_docker//container:[a-z]*\.bzl"|"@fathom//tools/oci:defs.bzl"|
s|"@io_bazel_rules_docker//contrib:test\.bzl"|"@fathom//tools/oci:defs.bzl"|
s|"@io_bazel_rules_docker//docker:docker\.bzl"|"@fathom//tools/oci:defs.bzl"|
s|"@io_bazel_rules_docker//docker/util:run\.bzl"|"@fathom//tools/oci:defs.bzl"|
s|"@io_bazel_rules_docker//nodejs:image\.bzl"|"@fathom//tools/nodejs:defs.bzl"|
s|"@io_bazel_rules_docker//go:image\.bzl"|"@fathom//tools/go:defs.bzl"|
s|"@io_bazel_rules_docker//java:image\.bzl"|"@fathom//tools/java:defs.bzl"|
s|"@io_bazel_rules_docker//python3\{0,1\}:image\.bzl"|"@fathom//tools/python:defs.bzl"|
s|"@\(io_bazel_\)\{0,1\}rules_jsonnet//jsonnet:jsonnet\.bzl"|"@fathom//tools/jsonnet:defs.bzl"|
s|"@build_bazel_rules_nodejs//:index\.bzl"|"@fathom//tools/ts:defs.bzl"|
s|"@npm//@bazel/typescript:index\.bzl"|"@fathom//tools/ts:defs.bzl"|
s|"@npm//@bazel/concatjs:index\.bzl"|"@fathom//tools/ts:defs.bzl"|
s|"@aspect_rules_ts//ts:defs\.bzl"|"@fathom//tools/ts:defs.bzl"|
