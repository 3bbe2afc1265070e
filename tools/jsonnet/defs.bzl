"""Jsonnet: libraries, rendering at build time, tests of what is rendered, and pages about libraries."""

load("//tools/jsonnet:providers.bzl", _JsonnetGoldenInfo = "JsonnetGoldenInfo", _JsonnetLibraryInfo = "JsonnetLibraryInfo", _JsonnetToolchainInfo = "JsonnetToolchainInfo")
load("//tools/jsonnet/private:docs.bzl", _jsonnet_docs_test = "jsonnet_docs_test")
load("//tools/jsonnet/private:golden.bzl", _jsonnet_update_goldens = "jsonnet_update_goldens")
load("//tools/jsonnet/private:library.bzl", _jsonnet_library = "jsonnet_library")
load("//tools/jsonnet/private:to_json.bzl", _jsonnet_to_json = "jsonnet_to_json", _jsonnet_to_json_test = "jsonnet_to_json_test")
load("//tools/jsonnet/private:toolchain.bzl", _jsonnet_toolchain = "jsonnet_toolchain")

JsonnetGoldenInfo = _JsonnetGoldenInfo
JsonnetLibraryInfo = _JsonnetLibraryInfo
JsonnetToolchainInfo = _JsonnetToolchainInfo
jsonnet_docs_test = _jsonnet_docs_test
jsonnet_library = _jsonnet_library
jsonnet_to_json = _jsonnet_to_json
jsonnet_to_json_test = _jsonnet_to_json_test
jsonnet_toolchain = _jsonnet_toolchain
jsonnet_update_goldens = _jsonnet_update_goldens
