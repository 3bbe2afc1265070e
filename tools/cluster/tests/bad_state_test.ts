// State folders that `up` refuses: one error that says what to do, and nothing in them is changed. Needs root.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY, certificatesOf } from '../embedded/certificates.ts';
import { ensurePki } from '../embedded/pki.ts';
import { makePlan } from '../embedded/plan.ts';

const root = mkdtempSync(join(tmpdir(), 'fathom-bad-state-'));
after(() => rmSync(root, { recursive: true, force: true }));

const plan = makePlan({ name: 'life', folder: '/x', range: { base: 0x0ac90000, prefix: 16 }, registryPort: 40_123 });
const record = { version: 1, name: 'life', provider: 'embedded', kubeconfig: '/nowhere' };
const ours = { '.fathom-cluster': 'This folder is the state of a Fathom cluster; `./fathom down` deletes it.\n' };
const data = { ...ours, 'etcd/member/snap/db': 'data', 'pki/ca.key': 'a key', kubeconfig: '{}' };

/** Everything in a folder: kind, mode, content. */
function snapshot(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => {
      const found = lstatSync(join(folder, path));
      const content = found.isFile() ? readFileSync(join(folder, path), 'utf8') : '';
      return `${path} ${found.mode.toString(8)} ${content}`;
    });
}

/** A state folder `life` of these files; objects are written as JSON. */
function stateOf(files: Readonly<Record<string, unknown>>) {
  const state = mkdtempSync(join(root, 'state-'));
  const folder = join(state, 'life');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  chmodSync(folder, 0o700);
  return { state, folder };
}

function cluster(state: string, ...args: readonly string[]) {
  const { status, stderr } = spawnSync(runfile('fathom/tools/cluster/cluster'), [...args, '--name', 'life'], {
    env: { ...process.env, FATHOM_STATE: state },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stderr };
}

function refuses({ state, folder }: ReturnType<typeof stateOf>, error: string, hint: RegExp): void {
  const before = snapshot(folder);
  const { status, stderr } = cluster(state, 'up');
  assert.equal(status, 1, stderr);
  const [first, second, ...more] = stderr.trimEnd().split('\n').slice(-2);
  assert.match(first ?? '', new RegExp(`^error: ${error}`), stderr);
  assert.match(second ?? '', hint, stderr);
  assert.deepEqual(more, []);
  assert.doesNotMatch(stderr, /^ +at /m, 'no stack trace');
  assert.deepEqual(snapshot(folder), before);
}

const AGAIN = /`\.\/fathom down`.*`\.\/fathom up`/;

/** What the folder has, its files, the error, the hint. */
const CASES: readonly (readonly [string, Readonly<Record<string, unknown>>, string, RegExp])[] = [
  ['files of something else', { 'notes.txt': 'mine' }, 'CLUSTER_FOLDER_FOREIGN: ', /FATHOM_STATE/],
  ['an empty plan', { ...data, 'plan.json': '' }, 'CLUSTER_PLAN_BROKEN: ', AGAIN],
  ['half a plan', { ...data, 'plan.json': JSON.stringify(plan).slice(0, 80) }, 'CLUSTER_PLAN_BROKEN: ', AGAIN],
  [
    'a plan with a mirror of nothing',
    { ...data, 'plan.json': { ...plan, mirrors: [{ host: 'docker.io' }] } },
    'CLUSTER_PLAN_BROKEN: .*mirrors',
    AGAIN,
  ],
  ['a plan without nodes', { ...data, 'plan.json': { ...plan, nodes: [] } }, 'CLUSTER_PLAN_BROKEN: .*nodes', AGAIN],
  [
    'a plan with a broken range',
    { ...data, 'plan.json': { ...plan, podSubnet: 'x' } },
    'CLUSTER_PLAN_BROKEN: .*podSubnet',
    AGAIN,
  ],
  ['data, and no plan', data, 'CLUSTER_PLAN_BROKEN: .*it is missing, and there are data', AGAIN],
  ['data, and half of the keys', { ...data, 'plan.json': plan }, 'CLUSTER_KEYS: .*ca\\.crt: it is missing', AGAIN],
  [
    'a plan of an older version',
    { ...data, 'plan.json': { ...plan, version: 0 } },
    'STATE_VERSION: .*plan\\.json: it is of version 0, and this Fathom reads version 1',
    /Use the older checkout/,
  ],
  [
    'a plan of a newer version',
    { ...data, 'plan.json': { ...plan, version: 2 } },
    'STATE_VERSION: .*plan\\.json: it is of version 2',
    /Use the newer checkout/,
  ],
  [
    'a record of a newer version',
    { ...data, 'plan.json': plan, 'cluster.json': { ...record, version: 2 } },
    'STATE_VERSION: .*cluster\\.json: it is of version 2',
    /Use the newer checkout/,
  ],
];

for (const [what, files, error, hint] of CASES) {
  test(`refuses a state folder with ${what}`, () => refuses(stateOf(files), error, hint));
}

test('refuses a clock that is before the certificates, and takes none of them away', async () => {
  const made = stateOf({ ...ours, 'plan.json': plan, 'etcd/member/snap/db': 'data', 'pki/x': '' });
  await ensurePki({
    folder: join(made.folder, 'pki'),
    authorities: [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY],
    certificates: certificatesOf(plan),
    keyPairs: [],
    // Seen from then, the clock is two days back now.
    nowMs: Date.now() + 2 * 86_400_000,
  });
  refuses(made, "CLUSTER_CLOCK: Reading the clock: it is .* before the cluster's certificates begin", /Set the clock/);
});

test('down takes a state away that up refuses, and a folder of something else never', () => {
  for (const files of [
    { ...data, 'plan.json': { ...plan, version: 2 } },
    { ...data, 'plan.json': plan, 'cluster.json': { ...record, version: 2 } },
    { ...data, 'plan.json': '{' },
    data,
  ]) {
    const { state, folder } = stateOf(files);
    const { status, stderr } = cluster(state, 'down');
    assert.equal(status, 0, stderr);
    assert.throws(() => lstatSync(folder), { code: 'ENOENT' });
  }
  const { state, folder } = stateOf({ 'notes.txt': 'mine' });
  const before = snapshot(folder);
  assert.match(cluster(state, 'down').stderr, /^error: CLUSTER_FOLDER_FOREIGN/m);
  assert.deepEqual(snapshot(folder), before);
});
