// A program in Go on top of an image of 100 MB or of 1 GB: what ko builds, and Fathom from the same text.
import type { Below } from './sources.ts';

/** The module of the program, and the prefix of its imports. */
export const MODULE = 'example.com/bench';

/** Its line that changes. */
export const goLineOf = (version: string) => `this is version ${version}.`;

/** The text of its main.go: a program with Go's HTTP server, as the smallest services have. */
export function goSourceOf(version: string): string {
  return `package main

import (
	"fmt"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, ${JSON.stringify(goLineOf(version))})
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
`;
}

/** What of Go's library is compiled beforehand, as docs/languages.md advises; ko's cache has it after one build. */
export const MODULES_GO = `// Package modules lists what sources of this workspace import.
package modules

import (
	_ "fmt"
	_ "log"
	_ "net/http"
)
`;

/** The module, for either side. */
export const GO_MOD = `module ${MODULE}\n\ngo 1.26.0\n`;

/** What the WORKSPACE of Fathom's side loads beside the rest. */
export const GO_LOADS = `
load("@fathom//tools/go:repositories.bzl", "go_modules")

go_modules(
    name = "go",
    srcs = ["//third_party/go:modules.go"],
    module = "//third_party/go:go.mod",
)
`;

/** The folder, and the package, of the program on top of an image. */
export const goFolder = ({ folder }: Below): string => `${folder}_go`;

/** For Bazel. */
export function goBuildFile(below: Below): string {
  return `load("@fathom//tools/go:defs.bzl", "go_binary", "go_image")

go_binary(
    name = "main",
    srcs = ["main.go"],
)

go_image(
    name = "image",
    base = "//${below.folder}:below",
    binary = ":main",
    repository = "${goFolder(below)}",
)
`;
}
