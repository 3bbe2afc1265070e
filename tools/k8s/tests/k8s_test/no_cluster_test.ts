// A k8s_test where no cluster is up: what it says, and what its program would have found.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { readConfig } from '../../k8s_test/config.ts';

function runWith(state: string) {
  const env = { PATH: process.env['PATH'], HOME: state, FATHOM_STATE: state };
  const program = runfile('fathom/tools/k8s/tests/k8s_test/sound_test');
  return spawnSync(program, { env, encoding: 'utf8', timeout: 60_000 });
}

const HINT =
  /hint: Start one with `\.\/fathom up` and run `bazel test --config=cluster \/\/tools\/k8s\/tests\/k8s_test:sound_test`/;

test('says how to start a cluster where there has never been one', () => {
  const outcome = runWith(mkdtempSync(join(tmpdir(), 'fathom-no-cluster-')));
  assert.equal(outcome.status, 1, outcome.stderr);
  assert.match(outcome.stderr, /error: K8S_TEST_NO_CLUSTER: Running .*:sound_test: no cluster is up: .*no context/);
  assert.match(outcome.stderr, HINT);
});

test('says so where nothing answers any more', () => {
  const state = mkdtempSync(join(tmpdir(), 'fathom-no-cluster-'));
  mkdirSync(join(state, 'fathom'));
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fathom', cluster: { server: 'https://127.0.0.1:1' } }],
    contexts: [{ name: 'fathom-fathom', context: { cluster: 'fathom', user: 'admin' } }],
    users: [{ name: 'admin', user: { token: 'token' } }],
  };
  writeFileSync(join(state, 'fathom/kubeconfig'), JSON.stringify(kubeconfig));
  const outcome = runWith(state);
  assert.equal(outcome.status, 1, outcome.stderr);
  assert.match(outcome.stderr, /error: K8S_TEST_NO_CLUSTER: .*nothing answers at https:\/\/127\.0\.0\.1:1/);
  assert.match(outcome.stderr, HINT);
  assert.doesNotMatch(outcome.stderr, /\n {4}at /, 'no stack trace');
});

test('variables name files by where they are', async () => {
  const { env } = await readConfig(runfile('fathom/tools/k8s/tests/k8s_test/sound_test.k8s_test.json'));
  const file = runfile('fathom/tools/k8s/tests/k8s_test/web.yaml');
  assert.deepEqual(env, { EXTRA: 'extra', FILES: `see ${file}` });
  assert.ok(existsSync(file));
});
