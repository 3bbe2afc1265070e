// The attribute `kubeconfig`: the file in which a verb looks for its context.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'fathom-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

// Another file has a context of the same name, and another server.
const other = join(folder, 'config');
const own = readFileSync(runfile('fathom/tools/k8s/tests/sample/elsewhere_kubeconfig.yaml'), 'utf8');
assert.match(own, /server: https:\/\/127\.0\.0\.1:9$/m);
writeFileSync(other, own.replace('127.0.0.1:9', '127.0.0.1:10'));

/** What a verb says that finds its context in some file, and no server. */
function asked(...args: readonly string[]): string {
  const { status, stderr } = spawnSync(runfile('fathom/tools/k8s/tests/sample/elsewhere.diff'), args, {
    env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: other },
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 2, stderr);
  return stderr;
}

test('the context is that of the file, and not the one of $KUBECONFIG', () => {
  assert.match(asked(), /^error: K8S_UNREACHABLE: .*nothing answers at .*127\.0\.0\.1:9\b/m);
});

test('--kubeconfig is in its place', () => {
  assert.match(asked('--kubeconfig', other), /^error: K8S_UNREACHABLE: .*nothing answers at .*127\.0\.0\.1:10\b/m);
});
