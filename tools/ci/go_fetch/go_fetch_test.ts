// `bazel run //tools/ci/go_fetch`: in a workspace of its own, a Bazel that goes on running builds a program of
// go_binaries again when its sources or the versions that it pins change.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { strToU8, zipSync } from 'fflate';
import { runfile } from '../../lib/runfiles.ts';
import { binFolder, endNested, nestedBazel } from '../nested/nested_bazel.ts';

const run = promisify(execFile);

const MODULE = 'greeting.example/word';

const folder = await mkdtemp(join(tmpdir(), 'fathom-go-fetch-'));
const workspace = join(folder, 'workspace');
const sdk = await realpath(runfile('fathom_go_sdk/go'));
const go = join(sdk, 'bin', 'go');
const { stdout: usersProxy } = await run(go, ['env', 'GOPROXY']);
const env = {
  ...process.env,
  // Modules of this test from a folder, others from where the user has them.
  GOPROXY: `${pathToFileURL(join(folder, 'proxy')).href},${usersProxy.trim()}`,
  GONOSUMDB: MODULE,
  GOMODCACHE: join(folder, 'modules'),
};
const bazel = nestedBazel({ folder, workspace, env });

async function write(files: Readonly<Record<string, string | Uint8Array>>, root = workspace): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Puts a version into the folder of modules, as https://go.dev/ref/mod#goproxy-protocol has them. */
async function publish(version: string, word: string): Promise<void> {
  const goMod = `module ${MODULE}\n\ngo 1.21\n`;
  const root = `${MODULE}@${version}`;
  const files = { [`${root}/go.mod`]: goMod, [`${root}/word.go`]: `package word\n\nconst Word = "${word}"\n` };
  const archive = zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])));
  const base = `proxy/${MODULE}/@v/${version}`;
  const info = JSON.stringify({ Version: version });
  await write({ [`${base}.info`]: info, [`${base}.mod`]: goMod, [`${base}.zip`]: archive }, folder);
}

const program = (greeting: string) => `package main

import (
	"fmt"

	"${MODULE}"
)

func main() { fmt.Println("${greeting} " + word.Word) }
`;

/** Pins a version in go.mod and go.sum, as go does it. */
async function pin(version: string): Promise<void> {
  await write({ 'hello/go.mod': `module hello.example/hello\n\ngo 1.21\n\nrequire ${MODULE} ${version}\n` });
  await run(go, ['mod', 'tidy'], { cwd: join(workspace, 'hello'), env: { ...env, GOTOOLCHAIN: 'local' } });
}

/** What the program of go_binaries prints. */
async function printed(): Promise<string> {
  await bazel('build', '--noshow_progress', '--disk_cache=', '@hello//:hello');
  const { stdout } = await run(join(await binFolder(bazel), 'external/hello/bin/hello'));
  return stdout.trim();
}

before(async () => {
  await publish('v1.0.0', 'world');
  await publish('v1.1.0', 'moon');
  await write({
    WORKSPACE: `workspace(name = "fetching")

local_repository(
    name = "fathom",
    path = ${JSON.stringify(process.env['BUILD_WORKSPACE_DIRECTORY'])},
)

# Of Fathom's own packages the rule needs node and Go.
local_repository(
    name = "fathom_npm",
    path = "node",
)

new_local_repository(
    name = "fathom_go_sdk",
    build_file_content = "exports_files(['VERSION', 'go', 'go/bin/go'])",
    path = ${JSON.stringify(dirname(sdk))},
)

load("@fathom//tools/packages:defs.bzl", "go_binaries")

go_binaries(
    name = "hello",
    srcs = ["//hello:main.go"],
    binaries = {"hello": "."},
    module = "//hello:go.mod",
)
`,
    'node/WORKSPACE': '',
    'node/BUILD.bazel': 'exports_files(["node"], visibility = ["//visibility:public"])\n',
    'hello/BUILD.bazel': 'exports_files(["main.go"])\n',
    'hello/main.go': program('hello'),
  });
  await symlink(process.execPath, join(workspace, 'node', 'node'));
  await pin('v1.0.0');
});

after(() => endNested(folder, bazel));

test('builds a program of a module, and builds it again when its own source was edited', async () => {
  await write({ 'hello/main.go': program('hello') });
  assert.match(await printed(), /^hello \w+$/);
  await write({ 'hello/main.go': program('good morning') });
  assert.match(await printed(), /^good morning \w+$/);
});

test('builds a program again when another version was pinned', async () => {
  await pin('v1.0.0');
  assert.match(await printed(), / world$/);
  await pin('v1.1.0');
  assert.match(await printed(), / moon$/);
});
