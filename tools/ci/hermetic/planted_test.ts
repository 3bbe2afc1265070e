// `bazel run //tools/ci/hermetic:planted`: what must not be is planted in a small workspace, and the check names it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { removeTree } from '../../lib/remove_tree.ts';
import { runfile } from '../../lib/runfiles.ts';

const FILES = {
  WORKSPACE: `workspace(name = "planted")

load("//:rules.bzl", "home_repository")

home_repository(name = "home")
`,
  '.bazelrc': 'build --incompatible_strict_action_env\nbuild --nosandbox_debug\n',
  'BUILD.bazel': '',
  'words/BUILD.bazel': `load("//:rules.bzl", "script")

script(name = "clean", script = "clean.sh", srcs = ["words.txt"])
script(name = "home", script = "clean.sh", srcs = ["@home//:home.txt"])
script(name = "after_home", script = "clean.sh", srcs = [":home"])
script(name = "clock", script = "clock.sh", srcs = ["words.txt"])
script(name = "after_clock", script = "clean.sh", srcs = [":clock"])
script(name = "program", script = "program.sh", srcs = ["words.txt"])
script(name = "path", script = "clean.sh", srcs = ["words.txt"], more = ["/etc/hostname"])
`,
  'rules.bzl': `"""An action that runs a script, and a repository that says where HOME is."""

def _home_repository_impl(ctx):
    ctx.file("home.txt", ctx.os.environ["HOME"] + "\\n")
    ctx.file("BUILD.bazel", "exports_files([\\"home.txt\\"])")

home_repository = repository_rule(implementation = _home_repository_impl)

def _script_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run(
        mnemonic = "Script",
        executable = ctx.file.script,
        inputs = ctx.files.srcs,
        outputs = [output],
        arguments = [output.path] + [file.path for file in ctx.files.srcs] + ctx.attr.more,
    )
    return [DefaultInfo(files = depset([output]))]

script = rule(
    implementation = _script_impl,
    attrs = {
        "more": attr.string_list(),
        "script": attr.label(allow_single_file = True),
        "srcs": attr.label_list(allow_files = True),
    },
)
`,
  // Built-in commands of sh: a clean action has no other program.
  'words/clean.sh': '#!/bin/sh\nread -r line < "$2" && echo "$line" > "$1"\n',
  'words/words.txt': 'some words\n',
  'words/clock.sh': '#!/bin/sh\nread -r now < /proc/uptime && echo "$now" > "$1"\n',
  'words/program.sh': '#!/bin/sh\ndate > "$1"\n',
};

const workspace = await mkdtemp(join(tmpdir(), 'fathom-planted-'));
after(() => removeTree(workspace));
for (const [name, text] of Object.entries(FILES)) {
  await mkdir(dirname(join(workspace, name)), { recursive: true });
  await writeFile(join(workspace, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
}
await promisify(execFile)('git', ['init', '--quiet'], { cwd: workspace });

/** What the check says of targets of the workspace, and how it ends. */
async function check(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const env = { ...process.env, BUILD_WORKSPACE_DIRECTORY: workspace, TEST_TMPDIR: undefined };
  return promisify(execFile)(runfile('fathom/tools/ci/hermetic/hermetic'), [...args], { env, timeout: 600_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    (error: { readonly code: number; readonly stderr: string }) => ({ code: error.code, said: error.stderr }),
  );
}

test('finds nothing in actions that use what they declare', async () => {
  const { code, said } = await check('//words:clean');
  assert.equal(code, 0, said);
  assert.match(said, /^1 actions are the same in both builds, 1 of them saw no program of this machine but sh$/m);
});

test('names the first action that reads what a repository rule made of HOME', async () => {
  const { code, said } = await check('//words:after_home');
  assert.equal(code, 1, said);
  assert.match(said, /^error: HERMETIC_DIFFERS: Comparing actions: 2 of 2 differ, first Script of \S*\/home\.txt$/m);
  assert.match(
    said,
    /^ {2}input external\/home\/home\.txt: [0-9a-f]{64} \(\d+ bytes\) and [0-9a-f]{64} \(\d+ bytes\)$/m,
  );
});

test('names the first action that writes another thing from the same inputs', async () => {
  const { code, said } = await check('//words:after_clock');
  assert.equal(code, 1, said);
  assert.match(said, /first Script of \S*\/clock\.txt$/m);
  assert.match(said, /^ {2}output \S*\/clock\.txt: [0-9a-f]{64} .* and [0-9a-f]{64} .*, of the same inputs$/m);
});

test('fails a build whose action runs a program that it does not declare', async () => {
  const { code, said } = await check('//words:program');
  assert.equal(code, 1, said);
  assert.match(said, /program\.sh: 2: date: not found/);
});

test('refuses an action that is told a path of the machine', async () => {
  const { code, said } = await check('//words:path');
  assert.equal(code, 1, said);
  assert.match(said, /^error: HERMETIC_UNDECLARED: .*\nScript of \S*\/path\.txt: argument \/etc\/hostname$/m);
});

test('sees a time that is planted in a source', async () => {
  const { code, said } = await check('--plant=words/words.txt', '//words:clean');
  assert.equal(code, 0, said);
  assert.match(
    said,
    /^The time planted in words\/words\.txt was seen: Script of \S*\/clean\.txt\n {2}input words\/words\.txt: /m,
  );
});
