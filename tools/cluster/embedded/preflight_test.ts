import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NEEDED_CAPABILITIES, capabilitiesOf } from './capabilities.ts';
import { lookAtInotify } from './inotify.ts';
import { lookAtCapabilities } from './preflight.ts';
import { lookAtResolver, nameServers } from './resolver.ts';

const status = (mask: bigint) =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask.toString(16).padStart(16, '0')}\n`;
const ALL = (1n << 41n) - 1n;
const without = (...bits: readonly bigint[]) => bits.reduce((mask, bit) => mask & ~(1n << bit), ALL);

test('finds what a process lacks, by the bits of linux/capability.h', () => {
  assert.deepEqual(capabilitiesOf(status(ALL)), { missing: [], hasResource: true });
  assert.deepEqual(capabilitiesOf(status(without(24n))), { missing: [], hasResource: false });
  assert.deepEqual(capabilitiesOf(status(without(12n, 21n)))?.missing, ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
  assert.deepEqual(capabilitiesOf(status(0n))?.missing, NEEDED_CAPABILITIES);
  assert.equal(capabilitiesOf('Name:\tnode\n'), undefined);
});

test('says how a container gets what it lacks, and that CAP_SYS_RESOURCE may be missing', () => {
  assert.deepEqual(lookAtCapabilities(status(without(24n))), {
    what: 'capabilities',
    ok: true,
    say: 'all that are needed; CAP_SYS_RESOURCE is missing, which nothing here needs',
  });
  const { ok, say } = lookAtCapabilities(status(without(12n, 27n)));
  assert.equal(ok, false);
  assert.match(say, /^CAP_NET_ADMIN, CAP_MKNOD missing: .*--cap-add=NET_ADMIN --cap-add=MKNOD/);
});

test('notes low limits of inotify, and names the settings', () => {
  const limits = { max_user_instances: 128, max_user_watches: 65_536 };
  assert.equal(lookAtInotify((name) => limits[name]).ok, true);
  const { ok, isNote, say } = lookAtInotify((name) => ({ ...limits, max_user_instances: 16 })[name]);
  assert.deepEqual([ok, isNote], [false, true]);
  assert.match(say, /max_user_instances 16.*`sysctl -w fs\.inotify\.max_user_instances=512`/);
  const untold = lookAtInotify(() => {
    throw new Error('ENOENT');
  });
  assert.equal(untold.ok, true);
});

test('reads name servers, and tells of a stub that pods do not reach', () => {
  const text =
    '# nameserver 9.9.9.9\nsearch x\n nameserver\t10.0.0.2\nnameserver fe80::1%eth0\nnameserver no-address\n';
  assert.deepEqual(nameServers(text), ['10.0.0.2', 'fe80::1']);
  assert.deepEqual(lookAtResolver(text), { what: 'DNS', ok: true, say: 'name server 10.0.0.2, fe80::1' });
  assert.match(lookAtResolver('nameserver 127.0.0.53\n').say, /on this machine alone: pods can't ask it/);
  assert.deepEqual([lookAtResolver('').ok, lookAtResolver('').isNote], [false, true]);
  assert.deepEqual([lookAtResolver(undefined).ok, lookAtResolver(undefined).isNote], [false, undefined]);
});
