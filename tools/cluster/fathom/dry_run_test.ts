// `--dry-run`: what it prints, and that it neither runs nor writes anything.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// Compiled, or from source.
const main = ['./fathom_main.js', './fathom_main.ts']
  .map((name) => fileURLToPath(new URL(name, import.meta.url)))
  .find((path) => existsSync(path));
const folder = mkdtempSync(join(tmpdir(), 'fathom-dry-run-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `./fathom` on a machine without any program. */
function fathom(...args: readonly string[]) {
  assert.ok(main !== undefined);
  const env = {
    PATH: '/nowhere',
    HOME: folder,
    FATHOM_STATE: join(folder, 'state'),
    FATHOM_CACHE: join(folder, 'cache'),
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  assert.deepEqual(readdirSync(folder), []);
  return { status, stdout, stderr };
}

test('up prints files and commands in their order', () => {
  const { status, stdout, stderr } = fathom('up', '--provider=k3d', '--dry-run', '--nodes=2');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /provider k3d: --provider says so/);
  const config = join(folder, 'state/fathom/k3d.yaml');
  let from = 0;
  for (const line of [
    `# ${config}`,
    'agents: 1',
    'mirrors:',
    'bazel build //prod/images/registry:tarball',
    'docker network create --driver=bridge --subnet=172.19.0.0/26 --gateway=172.19.0.1 k3d-network',
    'docker rm --force k3d-fathom-tools',
    `k3d cluster create --config=${config}`,
    'docker network connect --ip=172.19.0.3 k3d-network k3d-fathom-server-0',
    'docker network connect --ip=172.19.0.4 k3d-network k3d-fathom-agent-0',
    'k3d cluster start fathom --timeout=300s',
    `k3d kubeconfig get fathom > ${join(folder, 'state/fathom/kubeconfig.k3d')}`,
    'bazel run //prod:base.apply',
    'bazel run //prod:apply',
  ]) {
    const at = stdout.indexOf(`${line}\n`, from);
    assert.ok(at >= 0, `${line} is missing, or not in its place, in\n${stdout}`);
    from = at;
  }
});

test('monitoring can be left out of up, and nothing that is none of its parts', () => {
  const { status, stdout } = fathom('up', '--provider=k3d', '--dry-run', '--without=monitoring');
  assert.equal(status, 0);
  assert.match(stdout, /^bazel run \/\/prod:base\.apply$/m);
  assert.doesNotMatch(stdout, /\/\/prod:apply/);
  const refused = fathom('up', '--provider=k3d', '--dry-run', '--without=dns');
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /FATHOM_USAGE: Reading --without: dns can't be left out\n +hint: What can is monitoring/,
  );
});

test('down and status print their commands', () => {
  const down = fathom('down', '--provider=k3d', '--dry-run');
  assert.deepEqual([down.status, down.stderr], [0, '']);
  assert.match(
    down.stdout,
    /^k3d cluster delete fathom\n[^]*^docker network rm k3d-network\n[^]*^rm -r .*\/state\/fathom\n/m,
  );
  const status = fathom('status', '--provider=k3d', '--dry-run');
  assert.deepEqual([status.status, status.stderr], [0, '']);
  assert.match(
    status.stdout,
    /^docker ps --all .*\ndocker exec k3d-fathom-server-0 kubectl get nodes --output=wide\n$/,
  );
});

for (const [args, message] of [
  [['up', '--provider=embedded', '--dry-run'], /FATHOM_USAGE: Reading --dry-run: provider embedded has no use for it/],
  [['up', '--provider=k3d', '--registry=x'], /FATHOM_USAGE: Reading --registry: provider k3d has no use for it/],
  [['up', '--provider=k3d', '--dry-run', '--nodes=0'], /CLUSTER_NODES: Reading --nodes: '0' is no number/],
  [['down', '--dry-run'], /FATHOM_USAGE: Reading --dry-run: provider embedded has no use for it/],
] as const) {
  test(`refuses ./fathom ${args.join(' ')}, without a stack`, () => {
    const { status, stderr } = fathom(...args);
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
}
