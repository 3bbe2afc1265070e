"""Protocol buffers in TypeScript: ts_proto_library over proto_library, which is Bazel's own, or of the module protobuf."""

load("//tools/proto:providers.bzl", _TsProtoInfo = "TsProtoInfo")
load("//tools/proto/private:proto_library.bzl", _proto_library = "proto_library")
load("//tools/proto/private:ts_proto_library.bzl", _ts_proto_library = "ts_proto_library")

TsProtoInfo = _TsProtoInfo
proto_library = _proto_library
ts_proto_library = _ts_proto_library
