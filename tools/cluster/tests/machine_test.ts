// Machines on which a cluster can't start: each ends with one error that says what to do, and leaves nothing. Needs root.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const root = mkdtempSync(join(tmpdir(), 'fathom-machine-'));
const program = runfile('fathom/tools/cluster/cluster');

after(() => rmSync(root, { recursive: true, force: true }));

/** Runs `cluster up` after `prepare`, commands of sh, in a mount namespace of their own: what they change ends with it. */
function upOn(prepare: string, state: string): { readonly status: number | null; readonly stderr: string } {
  const script = `mount --make-rprivate / && ${prepare} && exec "$0" up --name life`;
  const { status, stderr } = spawnSync('unshare', ['--mount', '--', 'sh', '-euc', script, program], {
    env: { ...process.env, FATHOM_STATE: state },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stderr };
}

const nft = ['/usr/sbin/nft', '/sbin/nft'].find((path) => existsSync(path)) ?? '';
const iptables = ['/usr/sbin/iptables', '/sbin/iptables'].find((path) => existsSync(path)) ?? '';

/** What is said of a machine, how it is made, the error, the hint; `DIR` is the state folder. */
const CASES: readonly (readonly [string, string, string, RegExp])[] = [
  [
    // Nobody's uid is mapped in a new user namespace: the process has root's files and not its rights.
    'without root',
    'exec unshare --user -- "$0" up --name life',
    'CLUSTER_PREREQUISITE: .*lacks root',
    /with sudo/,
  ],
  [
    'that may make no links',
    'exec setpriv --bounding-set=-net_admin,-mknod -- "$0" up --name life',
    'CLUSTER_PREREQUISITE: .*lacks capabilities',
    /CAP_NET_ADMIN, CAP_MKNOD missing: .*--cap-add=NET_ADMIN --cap-add=MKNOD/,
  ],
  [
    'without a resolv.conf',
    'mkdir DIR/upper DIR/work && mount -t overlay -o lowerdir=/etc,upperdir=DIR/upper,workdir=DIR/work none /etc && rm -f /etc/resolv.conf',
    'CLUSTER_PREREQUISITE: .*lacks DNS',
    /resolv\.conf is missing.*echo nameserver/,
  ],
  [
    'without nftables',
    `mount --bind /dev/null ${nft === '' ? '/nowhere' : realpathSync(nft)}`,
    'CLUSTER_PREREQUISITE: .*lacks nftables',
    /apt-get install nftables/,
  ],
  [
    'without iptables',
    `mount --bind /dev/null ${iptables === '' ? '/nowhere' : realpathSync(iptables)}`,
    'CLUSTER_PREREQUISITE: .*lacks iptables',
    /apt-get install iptables/,
  ],
  [
    'with too small a disk',
    'mount -t tmpfs -o size=64m tmpfs DIR',
    'CLUSTER_PREREQUISITE: .*lacks disk space',
    /67\.\d MB free .*FATHOM_STATE/,
  ],
  [
    // There is room for data and none for files: what a disk says that another program filled meanwhile.
    'with a disk that is full at the first write',
    'mount -t tmpfs -o size=4g,nr_inodes=12 tmpfs DIR',
    'CLUSTER_DISK: Writing the state folder .*ENOSPC',
    /Free space on its disk .*run this again/,
  ],
  [
    'with a disk that is read-only',
    'mount -t tmpfs -o size=4g,ro tmpfs DIR',
    'CLUSTER_DISK: Writing the state folder .*EROFS',
    /Set FATHOM_STATE to a folder that can be written to/,
  ],
];

for (const [what, prepare, error, hint] of CASES) {
  test(`says what to mend on a machine ${what}`, () => {
    const state = mkdtempSync(join(root, 'state-'));
    const { status, stderr } = upOn(prepare.replaceAll('DIR', state), state);
    assert.equal(status, 1, stderr);
    const [first, second, ...more] = stderr.trimEnd().split('\n').slice(-2);
    assert.match(first ?? '', new RegExp(`^error: ${error}`), stderr);
    assert.match(second ?? '', hint, stderr);
    assert.deepEqual(more, []);
    assert.doesNotMatch(stderr, /^ +at /m, 'no stack trace');
  });
}
