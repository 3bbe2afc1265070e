import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findCluster } from '../../k8s/kube/kubeconfig.ts';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY, SERVICE_ACCOUNT_KEYS, certificatesOf } from './certificates.ts';
import { expiryLine } from './expiry.ts';
import { kubeconfig } from './kubeconfig.ts';
import { ensurePki, type PkiOptions } from './pki.ts';
import { makePlan } from './plan.ts';

const DAY_MS = 86_400_000;
const RANGE = { base: 0x0ac90000, prefix: 16 };
const certificates = certificatesOf(makePlan({ name: 'x', folder: '/x', range: RANGE, registryPort: 1 }));

async function options(): Promise<PkiOptions> {
  return {
    folder: await mkdtemp(join(tmpdir(), 'pki-')),
    authorities: [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY],
    certificates,
    keyPairs: [SERVICE_ACCOUNT_KEYS],
  };
}

const read = async (folder: string, name: string) => new X509Certificate(await readFile(join(folder, `${name}.crt`)));

test('makes every certificate, signed by its authority, readable by its owner only', async () => {
  const pki = await options();
  await ensurePki(pki);
  for (const { name, authority } of certificates) {
    const certificate = await read(pki.folder, name);
    const issuer = await read(pki.folder, authority);
    assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey), name);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(await readFile(join(pki.folder, `${name}.key`)))), name);
    assert.equal((await stat(join(pki.folder, `${name}.key`))).mode & 0o777, 0o600);
  }
});

test('the kubeconfig says that no proxy leads to the cluster', async () => {
  const pki = await options();
  await ensurePki(pki);
  const file = join(pki.folder, 'kubeconfig');
  const server = 'https://10.201.0.2:6443';
  await writeFile(file, await kubeconfig({ pki: pki.folder, certificate: 'admin', server, context: 'x' }));
  const access = await findCluster({ env: {}, context: 'x', cluster: '', user: '', files: [file] });
  assert.deepEqual([access.server, access.proxy], [server, 'none']);
});

test('names whom a certificate is for', async () => {
  const pki = await options();
  await ensurePki(pki);
  const node = await read(pki.folder, 'kubelet-node-1');
  assert.deepEqual(node.subject.split('\n').sort(), ['CN=system:node:node-1', 'O=system:nodes']);
  assert.equal(node.checkIP('10.201.0.11'), '10.201.0.11');
  const api = await read(pki.folder, 'apiserver');
  for (const address of ['127.0.0.1', '10.201.0.2', '10.201.64.1']) assert.equal(api.checkIP(address), address);
  assert.equal(api.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
  assert.equal(api.checkIP('192.0.2.1'), undefined);
});

test('leaves alone what is good, and renews before two thirds of a life are over', async () => {
  const pki = await options();
  const nowMs = Date.now();
  assert.equal((await ensurePki({ ...pki, nowMs })).length, certificates.length + 3);
  assert.deepEqual(await ensurePki({ ...pki, nowMs: nowMs + 200 * DAY_MS }), []);
  const names = certificates.map(({ name }) => name);
  assert.deepEqual(await ensurePki({ ...pki, nowMs: nowMs + 300 * DAY_MS }), names);
});

test('tells until when the first certificate is valid, and when it is time to make it anew', async () => {
  const pki = await options();
  assert.equal(await expiryLine(pki.folder, Date.now()), '');
  const nowMs = Date.UTC(2030, 0, 1);
  await ensurePki({ ...pki, nowMs });
  assert.equal(await expiryLine(pki.folder, nowMs + 200 * DAY_MS), 'certificates until 2031-01-01 00:00:00 UTC');
  assert.match(
    await expiryLine(pki.folder, nowMs + 300 * DAY_MS),
    /2031-01-01 00:00:00 UTC: `\.\/fathom up` makes them anew/,
  );
  await writeFile(join(pki.folder, 'broken.crt'), 'no certificate');
  assert.match(await expiryLine(pki.folder, nowMs), /^certificates until 2031/);
});

test('makes anew what is broken, has other names, or has a lost authority', async () => {
  const pki = await options();
  await ensurePki(pki);
  await writeFile(join(pki.folder, 'scheduler.key'), 'half');
  assert.deepEqual(await ensurePki(pki), ['scheduler']);
  const moved = certificates.map((spec) => (spec.name === 'etcd' ? { ...spec, addresses: ['127.0.0.2'] } : spec));
  assert.deepEqual(await ensurePki({ ...pki, certificates: moved }), ['etcd']);
  await rm(join(pki.folder, `${FRONT_PROXY_AUTHORITY}.crt`));
  assert.deepEqual(await ensurePki({ ...pki, certificates: moved }), [FRONT_PROXY_AUTHORITY, 'front-proxy-client']);
});

test('refuses a clock that is before the authorities, and leaves them as they are', async () => {
  const pki = await options();
  const nowMs = Date.now();
  await ensurePki({ ...pki, nowMs });
  const all = async () => {
    const names = (await readdir(pki.folder)).sort();
    return Promise.all(names.map(async (name) => [name, await readFile(join(pki.folder, name), 'utf8')]));
  };
  const before = await all();
  await assert.rejects(ensurePki({ ...pki, nowMs: nowMs - DAY_MS }), {
    code: 'CLUSTER_CLOCK',
    message: /^Reading the clock: it is .* UTC, before the cluster's certificates begin, .* UTC$/,
    hint: /^Set the clock: `timedatectl set-ntp true`/,
  });
  assert.deepEqual(await all(), before);
  // A little is no harm: certificates begin five minutes before they were made.
  assert.deepEqual(await ensurePki({ ...pki, nowMs: nowMs - 240_000 }), []);
});

test('makes leaves anew that a clock which was ahead made, without touching the authorities', async () => {
  const pki = await options();
  const nowMs = Date.now();
  await ensurePki({ ...pki, nowMs });
  const names = certificates.map(({ name }) => name);
  assert.deepEqual(await ensurePki({ ...pki, nowMs: nowMs + 300 * DAY_MS }), names);
  assert.deepEqual(await ensurePki({ ...pki, nowMs }), names);
});
