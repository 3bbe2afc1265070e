// A bundle holds what a report needs and none of the secrets that were planted, whatever state the folder is in.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makePlan } from '../../embedded/plan.ts';

// Compiled, or from source.
const main = ['../fathom_main.js', '../fathom_main.ts']
  .map((name) => fileURLToPath(new URL(name, import.meta.url)))
  .find((path) => existsSync(path));

const pem = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};
const bodyOf = (key: string) => key.split('\n').slice(1, -2);

/** A machine with a state folder of these files. */
function machine(context: TestContext, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), 'fathom-bundle-test-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'state', 'fathom');
  mkdirSync(join(root, 'tmp'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const run = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) => {
    assert.ok(main !== undefined);
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'bundle', ...args], {
      env: {
        PATH: process.env['PATH'],
        HOME: root,
        TMPDIR: join(root, 'tmp'),
        FATHOM_STATE: join(root, 'state'),
        FATHOM_CACHE: join(root, 'cache'),
        FATHOM_PROVIDER: 'embedded',
        ...env,
      },
      encoding: 'utf8',
      timeout: 120_000,
    });
    return { status, stdout, stderr };
  };
  return { root, folder, run };
}

/** What is in a bundle, by path, as GNU tar reads it. */
function contentOf(root: string, file: string): ReadonlyMap<string, string> {
  const into = mkdtempSync(join(root, 'extracted-'));
  const { status, stderr } = spawnSync('tar', ['-xzf', file, '-C', into], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const [top = '', ...others] = readdirSync(into);
  assert.deepEqual(others, []);
  const base = join(into, top);
  const paths = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(base, path)).isFile(),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(base, path), 'utf8')]));
}

const writtenTo = (stdout: string) => /^Wrote (\S+\.tar\.gz), /.exec(stdout)?.[1] ?? assert.fail(stdout);

test('without a cluster it has the machine and says what is missing', (context) => {
  const { root, run } = machine(context, {});
  const { status, stdout, stderr } = run();
  assert.equal(status, 0, stderr);
  const file = writtenTo(stdout);
  assert.equal(dirname(file), join(root, 'tmp'));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(stdout, /Look through it before you send it/);
  const content = contentOf(root, file);
  assert.match(content.get('versions.txt') ?? '', /^commit: .*\nchanged: [^]*^node: v\d+[^]*^kernel: [^]*^system: /m);
  assert.match(content.get('doctor.txt') ?? '', /^provider embedded: FATHOM_PROVIDER says so\n(ok|missing) /m);
  assert.match(content.get('status.txt') ?? '', /CLUSTER_NOT_UP/);
  assert.match(content.get('errors.txt') ?? '', /there is no cluster, and no state\n/);
});

test('has logs and records of a stopped cluster, and none of the secrets that were planted', (context) => {
  const [known, unknown] = [pem(), pem()];
  const encoded = Buffer.from(known).toString('base64');
  const plan = makePlan({
    name: 'fathom',
    folder: '/x',
    range: { base: 0x0ac90000, prefix: 16 },
    registryPort: 40_123,
  });
  const token = 'planted-bearer-Token.0123456789';
  const { root, folder, run } = machine(context, {
    '.fathom-cluster': '',
    'plan.json': JSON.stringify(plan),
    'cluster.json': JSON.stringify({ version: 1, name: 'fathom', provider: 'embedded', kubeconfig: '/nowhere' }),
    kubeconfig: JSON.stringify({ users: [{ user: { 'client-key-data': encoded } }] }),
    'pki/ca.key': known,
    'pki/ca.crt': 'no certificate',
    'log/control/apiserver.log': [
      'I1126 04:00:00 harmless line',
      `Authorization: Bearer ${token}`,
      `loaded ${bodyOf(known)[0]} from disk`,
      'password=planted-password-1',
      'redis://default:planted-password-2@redis:6379',
      'the variable is planted-variable-3',
      unknown,
      'another harmless line',
    ].join('\n'),
    'log/cluster/status.json': JSON.stringify({ name: 'cluster', services: [] }),
    'log/cluster/old.log': `${'padding of a long log\n'.repeat(150_000)}the last line\n`,
    'nodes/node-1/log/fathom/kubelet.log': 'a line of the kubelet\n',
    'nodes/node-1/log/pods/shop_cart/main/0.log': 'planted-pod-log-4\n',
    'nodes/node-1/config/kubelet.key': known,
    'etcd/member/snap/db': 'planted-data-5',
  });
  const outside = join(root, 'outside');
  writeFileSync(outside, 'planted-outside-6');
  symlinkSync(outside, join(folder, 'log', 'control', 'link.log'));
  symlinkSync(outside, join(folder, 'k3d.yaml'));
  // Nobody writes to it: who opens it as a file waits for ever.
  assert.equal(spawnSync('mkfifo', [join(folder, 'registries.yaml')]).status, 0);
  const output = join(root, 'out.tar.gz');
  const { status, stdout, stderr } = run([`--output=${output}`], { SHOP_TOKEN: 'planted-variable-3' });
  assert.equal(status, 0, stderr);
  assert.equal(writtenTo(stdout), output);
  const content = contentOf(root, output);
  const log = content.get('state/log/control/apiserver.log') ?? '';
  assert.match(log, /^I1126 04:00:00 harmless line\n[^]*another harmless line$/);
  assert.equal(content.get('state/nodes/node-1/log/fathom/kubelet.log'), 'a line of the kubelet\n');
  assert.deepEqual(JSON.parse(content.get('state/plan.json') ?? ''), plan);
  assert.match(content.get('status.txt') ?? '', /cluster fathom: is stopped/);
  assert.match(content.get('state/listing.txt') ?? '', /-0600|-0644.* pki\/ca\.key/);
  assert.match(content.get('errors.txt') ?? '', /kubernetes: /);
  const old = content.get('state/log/cluster/old.log') ?? '';
  assert.ok(old.length <= (2 << 20) + 100 && old.length > 2_000_000, String(old.length));
  assert.match(old, /^… the beginning is left out\npadding of a long log\n[^]*the last line\n$/);
  const everything = [...content].map(([path, text]) => `${path}\n${text}`).join('\n');
  const planted = [token, encoded, ...bodyOf(known), ...bodyOf(unknown)];
  for (const secret of planted) {
    const where = [...content].filter(([, text]) => text.includes(secret)).map(([path]) => path);
    assert.deepEqual(where, [], secret);
  }
  assert.doesNotMatch(everything, /planted-/);
  assert.deepEqual(
    [...content.keys()].filter((path) => /\.key$|kubeconfig|\.crt$|etcd|link\.log/.test(path)),
    [],
  );
});

for (const [what, files] of [
  ['a plan that is cut off', { 'plan.json': '{"version": 1, "na' }],
  ['an empty plan', { 'plan.json': '' }],
  ['a plan of another version', { 'plan.json': '{"version": 9}' }],
  ['a record of another version', { 'plan.json': '{', 'cluster.json': '{"version": 9, "password": "planted-7"}' }],
  ['a folder where a file belongs', { 'plan.json/x': '', 'log/cluster/status.json/x': '', 'pki/ca.key/x': '' }],
  ['a file where a folder belongs', { 'plan.json': '{}', log: 'x', nodes: 'x', pki: 'x' }],
  ['files of something else', { 'notes.txt': 'planted-8' }],
] as const satisfies readonly (readonly [string, Readonly<Record<string, string>>])[]) {
  test(`takes a state folder with ${what}`, (context) => {
    const log = 'log' in files ? {} : { 'log/init.log': 'why it failed\n' };
    const { root, run } = machine(context, { ...log, ...files });
    const { status, stdout, stderr } = run();
    assert.equal(status, 0, stderr);
    const content = contentOf(root, writtenTo(stdout));
    assert.match(content.get('doctor.txt') ?? '', /^provider embedded/);
    assert.doesNotMatch(content.get('status.txt') ?? '', /^\s+at /m);
    assert.doesNotMatch([...content.values()].join('\n'), /planted-/);
    if (!('log' in files)) assert.equal(content.get('state/log/init.log'), 'why it failed\n');
  });
}

test('writes over nothing, and says so', (context) => {
  const { root, run } = machine(context, {});
  const output = join(root, 'there');
  writeFileSync(output, 'mine');
  for (const [path, message] of [
    [output, /^error: BUNDLE_OUTPUT: Writing .*: there is such a file\n  hint: Move it away/m],
    [join(root, 'nowhere', 'x'), /^error: BUNDLE_OUTPUT: Writing .*ENOENT[^]*\n  hint: Name a file/m],
  ] as const) {
    const { status, stderr } = run([`--output=${path}`]);
    assert.equal(status, 1);
    assert.match(stderr, message);
  }
  assert.equal(readFileSync(output, 'utf8'), 'mine');
});
