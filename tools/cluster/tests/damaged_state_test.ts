// A state folder of which something is lost: `up` mends what follows from the rest, and data outlive it; and what a bundle
// has of a cluster that runs. Needs root.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { OwnCluster } from '../testing/own_cluster.ts';

// The name that `./fathom` knows.
const own = new OwnCluster('fathom');
const { folder, env } = own;
const up = () => own.tool('up').stderr;
const kubectl = (args: readonly string[], input = '') => own.kubectl(args, input);
const read = (path: string) => readFileSync(join(folder, path), 'utf8');
const initPid = () => own.initPid;

/** Ends the cluster's processes as a crash of the machine would. */
async function crash(): Promise<void> {
  const pid = initPid();
  process.kill(pid, 'SIGKILL');
  const deadline = performance.now() + 20_000;
  while (existsSync(`/proc/${pid}`)) {
    assert.ok(performance.now() < deadline, 'the cluster ends');
    await sleep(50);
  }
}

before(() => {
  up();
  kubectl(['create', 'configmap', 'kept', '--from-literal=a=b']);
});
after(() => own.remove());

test('a bundle of a cluster that runs has its pods and logs, and none of its secrets', async () => {
  const secret = 'Planted-secret.value-1';
  kubectl(['create', 'secret', 'generic', 'planted', `--from-literal=value=${secret}`]);
  const image = 'registry.fathom.internal/prod/images/busybox:built';
  // It ends once, so that what it said before it ended is there for good.
  const script = `if [ -e /m/x ]; then sleep 100000; fi; touch /m/x; echo it says ${secret}; exit 3`;
  const command = ['sh', '-c', script];
  const variable = { name: 'GREETING', value: 'planted-variable-2' };
  const volumeMounts = [{ name: 'm', mountPath: '/m' }];
  const containers = [{ name: 'main', image, command, env: [variable], volumeMounts }];
  const spec = { containers, volumes: [{ name: 'm', emptyDir: {} }] };
  kubectl(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'crashing' }, spec }),
  );
  const deadline = performance.now() + 60_000;
  const restarts = () =>
    kubectl(['get', 'pod', 'crashing', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}']);
  while (!(Number(restarts()) > 0)) {
    assert.ok(performance.now() < deadline, 'the pod crashes');
    await sleep(500);
  }
  const main = ['../fathom/fathom_main.js', '../fathom/fathom_main.ts']
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((path) => existsSync(path));
  assert.ok(main !== undefined);
  const output = join(own.state, 'bundle.tar.gz');
  const { status, stderr } = spawnSync(process.execPath, [main, 'bundle', `--output=${output}`], {
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, stderr);
  const into = mkdtempSync(join(own.state, 'extracted-'));
  assert.equal(spawnSync('tar', ['-xzf', output, '-C', into, '--strip-components=1']).status, 0);
  const content = new Map(
    readdirSync(into, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(into, path)).isFile())
      .map((path) => [path, readFileSync(join(into, path), 'utf8')]),
  );
  assert.match(content.get('status.txt') ?? '', /cluster fathom: runs/);
  assert.match(content.get('kubernetes/nodes.txt') ?? '', /node-1 +Ready/);
  assert.match(content.get('kubernetes/events.txt') ?? '', /crashing/);
  assert.match(content.get('kubernetes/default/crashing/main.previous.log') ?? '', /^it says \*\*\*$/m);
  assert.match(content.get('network/link.txt') ?? '', /fathom-[0-9a-f]{6}/);
  for (const path of ['log/control/apiserver.log', 'nodes/node-1/log/fathom/kubelet.log', 'log/cluster/status.json']) {
    assert.ok(content.has(`state/${path}`), [...content.keys()].join('\n'));
  }
  const everything = [...content.values()].join('\n');
  assert.doesNotMatch(everything, /planted-/i);
  assert.doesNotMatch(everything, /PRIVATE KEY-----|client-key-data": *"(?!\*)/);
  for (const name of readdirSync(join(folder, 'pki')).filter((one) => one.endsWith('.key'))) {
    for (const line of read(join('pki', name)).split('\n').slice(1, -2)) assert.ok(!everything.includes(line), name);
  }
  kubectl(['delete', 'pod', 'crashing', '--now']);
});

/** What is lost while the cluster runs: `up` leaves its processes as they are. */
for (const [what, damage] of [
  ['the record of its process', () => truncateSync(join(folder, 'init.pid.json'), 5)],
  ['the record of the cluster', () => writeFileSync(join(folder, 'cluster.json'), '{"version": 1, "na')],
  ['the kubeconfig', () => rmSync(join(folder, 'kubeconfig'))],
] as const) {
  test(`a cluster that runs and lost ${what} is found, and left running`, () => {
    const pid = initPid();
    damage();
    up();
    assert.equal(initPid(), pid);
    assert.match(kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
  });
}

test('a cluster that runs and lost the mark of its start is started again', () => {
  const pid = initPid();
  rmSync(join(folder, 'started'));
  up();
  assert.notEqual(initPid(), pid);
  assert.match(kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
});

/** What is lost of one that is stopped. */
for (const [what, damage] of [
  [
    'half of its certificates',
    () => {
      truncateSync(join(folder, 'pki', 'scheduler.key'), 20);
      for (const name of ['apiserver.crt', 'kubelet-node-1.key', 'front-proxy-ca.crt'])
        rmSync(join(folder, 'pki', name));
    },
  ],
  ['its configuration', () => rmSync(join(folder, 'config'), { recursive: true })],
  ['the configuration of its node', () => rmSync(join(folder, 'nodes', 'node-1', 'config'), { recursive: true })],
  ['its programs', () => rmSync(join(folder, 'kits'), { recursive: true })],
] as const) {
  test(`a stopped cluster that lost ${what} starts, with its data`, async () => {
    const before = ['pki/ca.crt', 'pki/service-account.key', 'plan.json'].map(read);
    await crash();
    damage();
    up();
    assert.deepEqual(['pki/ca.crt', 'pki/service-account.key', 'plan.json'].map(read), before);
    assert.match(kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
  });
}

test('a stopped cluster that lost the key of its tokens is refused, and starts when the key is back', async () => {
  await crash();
  const key = read('pki/service-account.key');
  rmSync(join(folder, 'pki', 'service-account.key'));
  const { status, stderr } = own.tryTool('up');
  assert.equal(status, 1);
  assert.match(stderr, /^error: CLUSTER_KEYS: Reading the cluster's key .*: it is missing, .*\n  hint: Put a copy/m);
  assert.ok(!existsSync(join(folder, 'pki', 'service-account.key')));
  writeFileSync(join(folder, 'pki', 'service-account.key'), key);
  up();
  assert.match(kubectl(['get', 'configmap', 'kept', '-o', 'name']), /kept/);
});

test('down ends a cluster whose process is recorded nowhere', () => {
  const pid = initPid();
  rmSync(join(folder, 'init.pid.json'));
  writeFileSync(join(folder, 'plan.json'), '{');
  const { status, stderr } = own.tryTool('down');
  assert.equal(status, 0, stderr);
  assert.ok(!existsSync(`/proc/${pid}`));
  assert.ok(!existsSync(folder));
});
