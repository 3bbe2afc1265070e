// `./fathom up` where a step fails: what is said of what is up. Bazel is a script that says what it was told, and fails when asked to.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// Compiled, or from source.
const main = ['./fathom_main.js', './fathom_main.ts']
  .map((name) => fileURLToPath(new URL(name, import.meta.url)))
  .find((path) => existsSync(path));
const folder = mkdtempSync(join(tmpdir(), 'fathom-up-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const BAZEL = `#!/bin/sh
echo "$*" >&2
if [ "$2" = "$FAILING" ]; then echo 'ERROR: no such luck' >&2; exit 7; fi
`;
const STACK = '//services/routeguide/client:myns-deep.apply';
writeFileSync(join(folder, 'bazel'), BAZEL, { mode: 0o755 });
// All that is looked for before Bazel runs.
for (const program of ['git', 'python3']) symlinkSync('/bin/true', join(folder, program));

/** Runs `./fathom up` where `failing` is the target that does. */
function up(failing: string, ...args: readonly string[]) {
  assert.ok(main !== undefined);
  const env = {
    ...{ PATH: folder, HOME: folder, FATHOM_USER: 'ada', FAILING: failing },
    ...{ FATHOM_STATE: join(folder, 'state'), FATHOM_CACHE: join(folder, 'cache') },
  };
  const command = [main, 'up', '--provider=k3d', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { env, encoding: 'utf8', timeout: 30_000 });
  assert.doesNotMatch(stderr, /^\s+at /m);
  const ran = stderr.split('\n').flatMap((line) => /^run (\S+)/.exec(line)?.[1] ?? []);
  return { status, stdout, stderr, ran };
}

const ALL = ['//tools/cluster:outside', '//prod:base.apply', STACK, '//prod:apply'];

test('says what runs where when all is up', () => {
  const { status, stdout, stderr, ran } = up('none');
  assert.equal(status, 0, stderr);
  assert.deepEqual(ran, ALL);
  assert.match(stdout, /^Up after .*\n {2}namespace ada: routeguide-client/m);
  assert.match(stdout, /^ {2}namespace monitoring: [^]*^ {2}\.\/fathom open$/m);
});

test('says that the cluster and the stack are up where monitoring alone is not', () => {
  const { status, stdout, stderr, ran } = up('//prod:apply');
  assert.equal(status, 1);
  assert.deepEqual(ran, ALL);
  assert.match(stdout, /^Up, but for monitoring, after .*\n {2}namespace ada: routeguide-client/m);
  assert.doesNotMatch(stdout, /namespace monitoring|fathom open/);
  const [error = '', hint = ''] = stderr.trimEnd().split('\n').slice(-2);
  assert.match(
    error,
    /^error: FATHOM_NO_MONITORING: Deploying monitoring: \S+bazel exited with 7; the cluster and the example stack are up, monitoring is not$/,
  );
  assert.match(hint, /^ {2}hint: .*`bazel run \/\/prod:apply`.*`\.\/fathom up --without=monitoring`/);
});

test('brings what monitoring is not when it is left out, whatever becomes of it', () => {
  const { status, stdout, stderr, ran } = up('//prod:apply', '--without=monitoring');
  assert.equal(status, 0, stderr);
  assert.deepEqual(ran, ALL.slice(0, -1));
  assert.match(stdout, /^Up after /m);
});

test('ends where the stack fails, and says nothing of what is up', () => {
  const { status, stdout, stderr, ran } = up(STACK);
  assert.equal(status, 1);
  assert.deepEqual(ran, ALL.slice(0, -1));
  assert.equal(stdout, '');
  assert.match(stderr, /^error: FATHOM_STEP: Deploying the example stack: \S+bazel exited with 7$/m);
});
