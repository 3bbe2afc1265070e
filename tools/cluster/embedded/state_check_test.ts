// State folders that can't be used: refused before anything in them is written.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY, SERVICE_ACCOUNT_KEYS } from './certificates.ts';
import { layoutOf } from './layout.ts';
import { ensurePki } from './pki.ts';
import { makePlan } from './plan.ts';
import { requireUsableState } from './state_check.ts';

const plan = makePlan({ name: 'x', folder: '/x', range: { base: 0x0ac90000, prefix: 16 }, registryPort: 1 });
const record = { version: 1, name: 'x', provider: 'embedded', kubeconfig: '/k' };
const HOUR_MS = 3_600_000;

function folderOf(context: TestContext, files: Readonly<Record<string, unknown>>) {
  const root = mkdtempSync(join(tmpdir(), 'fathom-state-check-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'x');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return layoutOf(folder);
}

const contentOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => [path, readFileSync(join(folder, path), 'utf8')]);

for (const [what, files, code] of [
  ['a plan of an older version', { 'plan.json': { ...plan, version: 0 } }, 'STATE_VERSION'],
  ['a plan of a newer version', { 'plan.json': { ...plan, version: 2 } }, 'STATE_VERSION'],
  ['a record of a newer version', { 'plan.json': plan, 'cluster.json': { ...record, version: 2 } }, 'STATE_VERSION'],
  ['an empty plan', { 'plan.json': '' }, 'CLUSTER_PLAN_BROKEN'],
  ['a plan that is cut off', { 'plan.json': JSON.stringify(plan).slice(0, 60) }, 'CLUSTER_PLAN_BROKEN'],
  ['data without a plan', { 'etcd/member/snap/db': 'x' }, 'CLUSTER_PLAN_BROKEN'],
] as const) {
  test(`refuses ${what}`, async (context) => {
    const layout = folderOf(context, files);
    const before = contentOf(layout.folder);
    await assert.rejects(requireUsableState(layout), { code, hint: /`\.\/fathom down`/ });
    assert.deepEqual(contentOf(layout.folder), before);
  });
}

for (const [what, files] of [
  ['nothing', {}],
  ['a plan alone', { 'plan.json': plan }],
  ['a broken record, which the plan replaces', { 'plan.json': plan, 'cluster.json': '{' }],
  ['certificates that are half-written', { 'plan.json': plan, 'pki/ca.crt': '-----BEGIN CERT' }],
] as const) {
  test(`takes ${what}`, async (context) => requireUsableState(folderOf(context, files)));
}

test('refuses a clock before the certificates', async (context) => {
  const layout = folderOf(context, { 'plan.json': plan });
  mkdirSync(layout.pki);
  const nowMs = Date.now();
  const authorities = [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY];
  await ensurePki({ folder: layout.pki, authorities, certificates: [], keyPairs: [], nowMs });
  await requireUsableState(layout, nowMs);
  await assert.rejects(requireUsableState(layout, nowMs - HOUR_MS), { code: 'CLUSTER_CLOCK' });
});

test('refuses keys that are lost where there are data, and names the one', async (context) => {
  const layout = folderOf(context, { 'plan.json': plan, 'etcd/member/snap/db': 'x' });
  mkdirSync(layout.pki);
  const authorities = [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY];
  await ensurePki({ folder: layout.pki, authorities, certificates: [], keyPairs: [SERVICE_ACCOUNT_KEYS] });
  await requireUsableState(layout);
  const other = folderOf(context, {});
  await ensurePki({ folder: other.folder, authorities, certificates: [], keyPairs: [SERVICE_ACCOUNT_KEYS] });
  for (const name of ['ca.crt', 'ca.key', 'service-account.key', 'service-account.pub']) {
    const path = join(layout.pki, name);
    const content = readFileSync(path, 'utf8');
    for (const [change, why] of [
      [() => rmSync(path), 'it is missing'],
      [() => writeFileSync(path, content.slice(0, 40)), 'it is broken'],
      [() => writeFileSync(path, readFileSync(join(other.folder, name))), 'it is of another'],
    ] as const) {
      change();
      const before = contentOf(layout.folder);
      await assert.rejects(requireUsableState(layout), { code: 'CLUSTER_KEYS', message: new RegExp(`pki/.*${why}`) });
      assert.deepEqual(contentOf(layout.folder), before);
      writeFileSync(path, content);
    }
  }
  for (const name of readdirSync(layout.pki).filter((one) => one.startsWith('front-proxy')))
    rmSync(join(layout.pki, name));
  await requireUsableState(layout);
});
