// What doctor finds on machines that lack something: programs of the test's own stand for docker, k3d and kubectl.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { layoutOf } from '../../embedded/layout.ts';
import { recordOf, writePidRecord } from '../../embedded/pid_record.ts';
import { makePlan } from '../../embedded/plan.ts';
import { knownPast, lookAtClock } from './clock.ts';
import { startConnectProxy } from '../../../lib/testing/connect_proxy.ts';
import { lookAtExisting } from './existing.ts';
import { lookAtK3d } from './k3d.ts';
import { lookAtMirrors, mirrorHosts } from './mirrors.ts';
import { lookAtFixedPorts, lookAtRecordedPort } from './ports.ts';

const HOUR_MS = 3_600_000;

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-doctor-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An environment whose programs print a text, or fail with it. */
function programs(context: TestContext, says: Readonly<Record<string, string | { readonly fails: string }>>) {
  const folder = folderOf(context);
  for (const [name, text] of Object.entries(says)) {
    const [said, end] = typeof text === 'string' ? [text, ''] : [text.fails, ' >&2; exit 1'];
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s\\n' '${said}'${end}\n`, { mode: 0o755 });
  }
  return { PATH: folder };
}

async function listener(context: TestContext): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('finds a clock that is before what has been, and takes one that is a little late', async (context) => {
  const folder = folderOf(context);
  const layout = layoutOf(folder);
  writeFileSync(layout.plan, '{}');
  const nowMs = Date.now();
  assert.equal(lookAtClock(nowMs, await knownPast(folder, folder)).ok, true);
  utimesSync(layout.plan, new Date(nowMs + HOUR_MS), new Date(nowMs + HOUR_MS));
  const { ok, say } = lookAtClock(nowMs, await knownPast(folder, folder));
  assert.equal(ok, false);
  assert.match(say, /^it says .* UTC, before the last change of .*\/plan\.json, .* UTC\. Set the clock: `timedatectl/);
  const past = [{ what: 'a commit', ms: nowMs + HOUR_MS / 2, toleranceMs: HOUR_MS }];
  assert.equal(lookAtClock(nowMs, past).ok, true);
});

test('knows when the newest commit was made', async (context) => {
  const folder = folderOf(context);
  const git = (...args: readonly string[]) => {
    const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
    const env = { ...process.env, GIT_COMMITTER_DATE: '2040-01-02T03:04:05Z', GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z' };
    const { status, stderr } = spawnSync('git', ['-C', folder, ...identity, ...args], { env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'x');
  const { ok, say } = lookAtClock(Date.parse('2030-01-01T00:00:00Z'), await knownPast(folder, join(folder, 'none')));
  assert.equal(ok, false);
  assert.match(say, /before this checkout's newest commit, 2040-01-02 03:04:05 UTC/);
});

test('asks whether names resolve, of the mirrors that are configured', async (context) => {
  const etc = folderOf(context);
  mkdirSync(join(etc, 'apt', 'sources.list.d'), { recursive: true });
  const sources = '# deb http://old.example/x y z\ndeb [signed-by=/k] http://apt.example/debian stable main\n';
  writeFileSync(join(etc, 'apt', 'sources.list'), sources);
  writeFileSync(join(etc, 'apt', 'sources.list.d', 'x.sources'), 'URIs: https://two.example/a http://10.0.0.7/b\n');
  writeFileSync(join(etc, '.npmrc'), 'registry=https://me:secret@npm.example/r/\nother=https://no.example\n');
  const env = { HOME: etc, GOPROXY: 'https://go.example|direct' };
  const hosts = ['apt.example', 'go.example', 'npm.example', 'two.example'];
  assert.deepEqual(mirrorHosts(env, etc), hosts);
  assert.deepEqual(mirrorHosts({ ...env, https_proxy: 'http://proxy.example:3128' }, etc), ['proxy.example']);
  assert.equal((await lookAtMirrors(hosts, async () => '10.0.0.1')).ok, true);
  const found = await lookAtMirrors(hosts, async (host) => {
    if (host === 'go.example') throw new Error('ENOTFOUND');
  });
  assert.deepEqual([found.ok, found.isNote], [false, true]);
  assert.match(found.say, /^go\.example does not resolve: what was fetched once can be built/);
});

test('finds who has the recorded port: nobody, another process, the cluster', async (context) => {
  const folder = folderOf(context);
  const layout = layoutOf(folder);
  assert.equal((await lookAtRecordedPort(folder)).say, 'a new cluster takes a free one');
  const registryPort = await listener(context);
  const plan = makePlan({ name: 'x', folder, range: { base: 0x0ac90000, prefix: 16 }, registryPort });
  writeFileSync(layout.plan, JSON.stringify(plan));
  const taken = await lookAtRecordedPort(folder);
  assert.equal(taken.ok, false);
  assert.match(taken.say, /another process has it\. End that process/);
  const own = recordOf(process.pid);
  assert.ok(own !== undefined);
  await writePidRecord(layout.rootPid, own);
  assert.match((await lookAtRecordedPort(folder)).say, /, the cluster's own$/);
  writeFileSync(layout.plan, '{');
  assert.equal((await lookAtRecordedPort(folder)).ok, false);
});

test('finds a fixed port that another process has', async (context) => {
  const port = await listener(context);
  const { ok, say } = await lookAtFixedPorts([port]);
  assert.equal(ok, false);
  assert.match(say, new RegExp(`127\\.0\\.0\\.1:${port}\\. End it: \`ss -ltnp`));
});

const DOCKER = {
  ServerVersion: '27.1',
  CgroupDriver: 'systemd',
  CgroupVersion: '2',
  SecurityOptions: ['name=seccomp'],
};
const ROOTLESS = { ...DOCKER, SecurityOptions: ['name=rootless'] };
const K3D = 'k3d version v5.8.3\nk3s version v1.31.5-k3s1 (default)';

for (const [what, docker, k3d, says] of [
  ['takes docker and k3d', DOCKER, K3D, []],
  ['takes a rootless docker with cgroups', ROOTLESS, K3D, []],
  ['refuses a rootless docker on cgroup version 1', { ...ROOTLESS, CgroupVersion: '1' }, K3D, [/^a rootless Docker/]],
  ['refuses a docker without cgroups', { ...ROOTLESS, CgroupDriver: 'none' }, K3D, [/^a rootless Docker/]],
  ['refuses an old k3d', DOCKER, 'k3d version v5.6.3', [/^version 5\.6\.3 is too old\. Install k3d 5\.7/]],
  ['notes a k3d of no version', DOCKER, 'k3d dev', [/^it does not tell its version/]],
  [
    'refuses a docker without a daemon',
    { fails: 'Cannot connect' },
    K3D,
    [/does not answer: Cannot connect\. Start it/],
  ],
  ['refuses a broken docker', { ServerErrors: ['no right to'] }, K3D, [/does not answer: no right to\. Start it/]],
] as const) {
  test(`k3d: ${what}`, async (context) => {
    const answer = 'fails' in docker ? docker : JSON.stringify(docker);
    const found = await lookAtK3d(programs(context, { docker: answer, k3d }), { isThere: true });
    const bad = found.filter(({ ok }) => !ok).map(({ say }) => say);
    assert.equal(bad.length, says.length, bad.join('\n'));
    says.forEach((pattern, index) => assert.match(bad[index] ?? '', pattern));
  });
}

test('k3d: says which programs are missing', async (context) => {
  const found = await lookAtK3d({ PATH: folderOf(context) }, { isThere: true });
  assert.deepEqual(
    found.map(({ what, ok }) => [what, ok]),
    [
      ['docker', false],
      ['k3d', false],
    ],
  );
});

test('existing: asks the API server and the registry that are recorded', async (context) => {
  const server = createHttpServer((_request, response) => response.writeHead(401).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = { reference: 'registry.example.com', endpoint, plainHttp: true };
  const state = { version: 1, name: 'fathom', provider: 'existing', kubeconfig: '/k', registry } as const;
  const look = async (kubectl: Parameters<typeof programs>[1], changed: Partial<typeof registry> = {}) => {
    const changedState = { ...state, registry: { ...registry, ...changed } };
    return lookAtExisting(programs(context, kubectl), changedState);
  };
  const version = { kubectl: JSON.stringify({ gitVersion: 'v1.34.4', minor: '34+' }) };
  assert.deepEqual(
    (await look(version)).map(({ ok }) => ok),
    [true, true],
  );
  const [old] = await look({ kubectl: JSON.stringify({ gitVersion: 'v1.29.1', minor: '29' }) });
  assert.match(old?.say ?? '', /v1\.29\.1: use 1\.30 or newer/);
  const [silent] = await look({ kubectl: { fails: 'connection refused' } });
  assert.match(silent?.say ?? '', /^connection refused\. Where its address/);
  const [, gone] = await look(version, { endpoint: '127.0.0.1:1' });
  assert.equal(gone?.ok, false);
  await using proxy = await startConnectProxy({ 'registry.test:5000': Number(endpoint.split(':')[1]) });
  const far = { ...state, registry: { ...registry, endpoint: 'registry.test:5000' } };
  const [, led] = await lookAtExisting({ ...programs(context, version), HTTP_PROXY: proxy.url }, far);
  assert.deepEqual([led?.ok, led?.say], [true, 'registry.test:5000, answers']);
  const [unasked] = await look({});
  assert.deepEqual([unasked?.ok, unasked?.isNote], [false, true]);
  const [none] = await lookAtExisting({}, undefined);
  assert.deepEqual([none?.ok, none?.isNote], [false, true]);
});

test('prints a line for each, says what is missing, and writes nothing', (context) => {
  const main = ['../fathom_main.js', '../fathom_main.ts']
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((path) => existsSync(path));
  assert.ok(main !== undefined);
  const folder = folderOf(context);
  const env = { PATH: '/nowhere', HOME: folder, FATHOM_STATE: join(folder, 'state'), FATHOM_CACHE: join(folder, 'c') };
  const doctor = (...args: readonly string[]) =>
    spawnSync(process.execPath, [main, 'doctor', ...args], { env, encoding: 'utf8' });
  const { status, stdout, stderr } = doctor('--provider=k3d');
  assert.equal(status, 1, stderr);
  assert.match(stdout, /^provider k3d: --provider says so\n/);
  assert.match(stdout, /^missing docker: there is no docker here\. Install Docker, or choose --provider=embedded\.$/m);
  assert.match(stdout, /^ok {6}clock: /m);
  assert.match(stdout, /^\d+ to mend\.$/m);
  const other = doctor('--nodes=3');
  assert.equal(other.status, 1);
  assert.match(other.stderr, /^error: FATHOM_USAGE: .*\n  hint: It takes --provider\.\n$/);
  assert.deepEqual(readdirSync(folder), []);
});
