"""Jsonnet: libraries, rendering at build time, and tests of what is rendered."""

load("//tools/jsonnet:providers.bzl", _JsonnetLibraryInfo = "JsonnetLibraryInfo", _JsonnetToolchainInfo = "JsonnetToolchainInfo")
load("//tools/jsonnet/private:library.bzl", _jsonnet_library = "jsonnet_library")
load("//tools/jsonnet/private:to_json.bzl", _jsonnet_to_json = "jsonnet_to_json", _jsonnet_to_json_test = "jsonnet_to_json_test")
load("//tools/jsonnet/private:toolchain.bzl", _jsonnet_toolchain = "jsonnet_toolchain")

JsonnetLibraryInfo = _JsonnetLibraryInfo
JsonnetToolchainInfo = _JsonnetToolchainInfo
jsonnet_library = _jsonnet_library
jsonnet_to_json = _jsonnet_to_json
jsonnet_to_json_test = _jsonnet_to_json_test
jsonnet_toolchain = _jsonnet_toolchain
