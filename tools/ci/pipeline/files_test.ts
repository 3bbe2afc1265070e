// The pipelines of examples/ci are valid, and all that they run is there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runfile } from '../../lib/runfiles.ts';
import { STEPS } from './steps.ts';
import { githubCommands, gitlabCommands } from './testing/pipeline_files.ts';

// examples/ is no part of this workspace's packages: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const run = promisify(execFile);

const PIPELINES = [
  { file: 'examples/ci/github.yml', commands: githubCommands, validate: github },
  { file: 'examples/ci/gitlab.yml', commands: gitlabCommands, validate: gitlab },
];

/** What a program says of a pipeline, in a folder that is a git repository of its own. */
async function said(
  name: string,
  text: string,
  program: (folder: string) => readonly [string, ...string[]],
): Promise<string> {
  const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'pipeline-'));
  try {
    await writeFile(join(folder, name), text);
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { cwd: folder });
    await git('init', '--quiet');
    await git('remote', 'add', 'origin', 'https://gitlab.example.com/group/project.git');
    await git('commit', '--quiet', '--allow-empty', '--message=x');
    const [command, ...args] = program(folder);
    const options = { cwd: folder, env: { ...process.env, HOME: folder }, timeout: 60_000 };
    return await run(command, args, options).then(
      () => '',
      (error: { readonly stdout: string; readonly stderr: string }) => error.stdout + error.stderr,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function github(text: string): Promise<string> {
  return said('workflow.yml', text, (folder) => [
    runfile('fathom/tools/ci/pipeline/github_workflow'),
    join(folder, 'workflow.yml'),
  ]);
}

function gitlab(text: string): Promise<string> {
  const program = fileURLToPath(import.meta.resolve('gitlab-ci-local/dist/index.js'));
  return said('.gitlab-ci.yml', text, () => [process.execPath, program, '--list']);
}

for (const { file, commands, validate } of PIPELINES) {
  test(`${file} is valid`, async () => {
    assert.equal(await validate(read(file)), '');
  });

  test(`${file} with an unknown field, or a job that needs another that is not there, is not valid`, async () => {
    const broken = [/^( +)(environment: staging)$/m, /^( +)(script|steps):$/m];
    for (const pattern of broken) {
      const text = read(file).replace(pattern, '$1unheardof: true\n$1$2:');
      assert.notEqual(text, read(file));
      assert.notEqual(await validate(text), '');
    }
  });

  test(`${file} runs nothing that is not there`, () => {
    const found = commands(read(file)).map(({ command }) => command);
    assert.ok(found.length > 6);
    assert.deepEqual(
      found.filter((command) => !isKnown(command)),
      [],
    );
  });

  test(`${file} runs every step, those of a deployment last`, () => {
    const steps = commands(read(file)).flatMap(({ command }) => / -- ([a-z]+)/.exec(command)?.[1] ?? []);
    assert.deepEqual([...new Set(steps)], STEPS);
  });

  test(`${file} deploys a stack that there is`, () => {
    const stacks = [...read(file).matchAll(/STACK: \/\/(\S+):(\S+)-deep$/gm)];
    assert.equal(stacks.length, 1);
    for (const [, folder = '', env = ''] of stacks) {
      assert.match(read(join(folder, 'BUILD.bazel')), /^service\($/m);
      assert.match(read('cluster_constants.bzl'), new RegExp(`^    "${env}": \\{$`, 'm'));
    }
  });
}

/** Whether a command is one of the steps with what it takes, or one of the few beside them. */
function isKnown(command: string): boolean {
  const [, step, argument] = /^bazel run @fathom\/\/tools\/ci\/pipeline -- ([a-z]+)( "\$STACK")?$/.exec(command) ?? [];
  if (step !== undefined) {
    const wantsStack = step === 'diff' || step === 'deploy';
    return STEPS.some((one) => one === step) && (argument !== undefined) === wantsStack;
  }
  if (command === 'git config --global --add safe.directory "$GITHUB_WORKSPACE"') return true;
  if (command === `umask 077 && printf '%s' "$TEXT" > "$KUBECONFIG"`) return true;
  return command === INSTALL;
}

for (const { file } of PIPELINES) {
  test(`${file} needs nothing of a workspace that only a clone of Fathom has`, () => {
    const text = read(file);
    assert.doesNotMatch(text, /\.\/fathom/);
    // npm fetches packages, and is no part of Debian's packages above.
    const images = [...text.matchAll(/^ +(?:image|container): (\S+)$/gm)].map(([, image = '']) => image);
    assert.ok(images.length > 0);
    const [, oldest = ''] = /split\("\."\)\[0\]\) < (\d+)/.exec(read('fathom')) ?? [];
    for (const image of images) {
      const [, version = '0'] = /^node:(\d+)-bookworm$/.exec(image) ?? [];
      assert.ok(Number(version) >= Number(oldest || 'NaN'), image);
    }
  });
}

/** What `./fathom up` would install to build: the pipelines install the same. */
const INSTALL = [
  'apt-get update -qq && apt-get install -y -qq --no-install-recommends',
  'bazel-bootstrap ca-certificates gcc git libc6-dev libseccomp-dev pkg-config python3 python3-pip',
].join(' ');

test('what the pipelines install has all that building needs', () => {
  const packages = read('tools/cluster/fathom/packages.ts');
  const [, build = ''] = /BUILD_PREREQUISITES[^=]*= \[([^\]]*)\]/.exec(packages) ?? [];
  const names = [...build.matchAll(/(?:program|file)\('[^']*', '([^']*)'/g)].map(([, name = '']) => name);
  assert.ok(names.length > 2);
  for (const name of names) assert.ok(INSTALL.split(' ').includes(name), name);
});
