"""TypeScript: libraries, programs and tests, compiled by the native compiler and run by the pinned node."""

load("//tools/ts:providers.bzl", _TsInfo = "TsInfo")
load("//tools/ts/private:browser_bundle.bzl", _ts_browser_bundle = "ts_browser_bundle")
load("//tools/ts/private:left_out.bzl", _nodejs_binary = "nodejs_binary", _nodejs_test = "nodejs_test")
load("//tools/ts/private:library.bzl", _ts_library = "ts_library")
load("//tools/ts/private:project.bzl", _ts_project = "ts_project")
load("//tools/ts/private:rules.bzl", _ts_binary = "ts_binary", _ts_test = "ts_test")
load("//tools/ts/private:toolchain.bzl", _ts_toolchain = "ts_toolchain")

TsInfo = _TsInfo
nodejs_binary = _nodejs_binary
nodejs_test = _nodejs_test
ts_binary = _ts_binary
ts_browser_bundle = _ts_browser_bundle
ts_library = _ts_library
ts_project = _ts_project
ts_test = _ts_test
ts_toolchain = _ts_toolchain
