"""Protocol buffers in TypeScript: ts_proto_library over Bazel's own proto_library."""

load("//tools/proto:providers.bzl", _TsProtoInfo = "TsProtoInfo")
load("//tools/proto/private:ts_proto_library.bzl", _ts_proto_library = "ts_proto_library")

TsProtoInfo = _TsProtoInfo
ts_proto_library = _ts_proto_library
