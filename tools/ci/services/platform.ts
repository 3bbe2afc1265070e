// Another repository with services in TypeScript, Python and Go, which a workspace loads. Each has as little as it may:
// no test, and no source beside its program but what is in another package.

/** What the workspace's WORKSPACE says of it. */
export const PLATFORM_LOADS = `
local_repository(
    name = "platform",
    path = "../platform",
)

load("@fathom//tools/go:repositories.bzl", "go_modules")

go_modules(
    name = "platform_go",
    srcs = ["@platform//:modules.go"],
    module = "@platform//:go.mod",
)
`;

const FILES: Readonly<Record<string, string>> = {
  WORKSPACE: 'workspace(name = "platform")\n',
  'BUILD.bazel': '',
  'go.mod': 'module example.com/platform\n\ngo 1.26.0\n',
  'modules.go': 'package modules\n\nimport (\n\t_ "net"\n\t_ "os"\n\t_ "os/signal"\n\t_ "syscall"\n)\n',

  'web/BUILD.bazel': `load("@fathom//tools/nodejs:defs.bzl", "nodejs_service")

nodejs_service(
    name = "image",
    data = ["words.txt"],
    deps = ["@fathom_npm//@types/node"],
)
`,
  'web/words.txt': 'hello\n',
  'web/main.ts': `import { readFileSync } from 'node:fs';

process.stdout.write(readFileSync(new URL('./words.txt', import.meta.url)));
`,

  'words/BUILD.bazel': `load("@fathom//tools/go:defs.bzl", "go_library")
load("@fathom//tools/python:defs.bzl", "py_library", "py_test")

package(default_visibility = ["//visibility:public"])

py_library(
    name = "words_py",
    srcs = ["greeting.py"],
)

py_test(
    name = "greeting_test",
    size = "small",
    srcs = ["greeting_test.py"],
    deps = [":words_py"],
)

go_library(
    name = "words_go",
    srcs = ["greeting.go"],
    modules = "@platform_go//:modules",
)
`,
  'words/greeting.py': 'GREETING = "hello"\n',
  'words/greeting_test.py': `import unittest

from words.greeting import GREETING


class Greeting(unittest.TestCase):
    def test_greets(self) -> None:
        self.assertEqual(GREETING, "hello")
`,
  'words/greeting.go': '// Package words has a greeting.\npackage words\n\nconst Greeting = "hello"\n',

  'answer_py/BUILD.bazel': `load("@fathom//tools/python:defs.bzl", "py_grpc_image")

py_grpc_image(
    name = "image",
    port = 8080,
    deps = ["//words:words_py"],
)
`,
  // The first process of a container ends at no signal that it does not wait for.
  'answer_py/main.py': `import signal
import socket
import sys

from words.greeting import GREETING

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with socket.create_server(("", 8080)) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.sendall(GREETING.encode())
`,

  'answer_go/BUILD.bazel': `load("@fathom//tools/go:defs.bzl", "go_grpc_image")

go_grpc_image(
    name = "image",
    modules = "@platform_go//:modules",
    port = 8080,
    deps = ["//words:words_go"],
)
`,
  'answer_go/main.go': `package main

import (
	"net"
	"os"
	"os/signal"
	"syscall"

	"example.com/platform/words"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() {
		<-stop
		os.Exit(0)
	}()
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		panic(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		connection.Write([]byte(words.Greeting))
		connection.Close()
	}
}
`,

  'auth/v1/BUILD.bazel': `load("@fathom//tools/proto:defs.bzl", "proto_library")
load("@fathom//tools/python:defs.bzl", "py_grpc_library")

proto_library(
    name = "auth_proto",
    srcs = ["auth.proto"],
)

py_grpc_library(
    name = "auth_py",
    runtime = [],
    deps = [":auth_proto"],
)
`,
  'auth/v1/auth.proto': 'syntax = "proto3";\n\npackage auth.v1;\n\nmessage User {\n  string name = 1;\n}\n',
};

/** Its files, by their paths from the workspace that loads it. */
export const PLATFORM: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FILES).map(([path, text]) => [`../platform/${path}`, text]),
);
