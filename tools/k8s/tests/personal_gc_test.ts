// Personal namespaces: listed, released, and collected when their time is over: against a real API server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runfile } from '../../lib/runfiles.ts';
import { chooseSeed, createRandom } from '../../lib/testing/random.ts';
import { renewPersonal } from '../deploy/personal_namespace.ts';
import { connect } from '../deploy/session.ts';
import type { KubeObject } from '../model/object.ts';
import { listVerb } from '../namespaces/list.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { pathOf, personalNamespacesOf, programOf, stackOf } from '../testing/personal.ts';
import { withSession } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, getMap, merge, post, remove } = callsTo(() => server);
const { annotate, collect, expire, expiresAt, isEnding, namespaceOf, release } = personalNamespacesOf(() => server);

const HOUR_MS = 3_600_000;

test('gc only lists with --dry-run, asks without --yes, and deletes nothing for any answer but yes', async () => {
  await applyStack(stackOf('emil'));
  await expire('emil');
  const { lines } = await collect(['--dry-run']);
  assert.match(lines.join('\n'), /1 to collect; nothing was deleted/);
  await assert.rejects(collect([]), { code: 'K8S_NOT_CONFIRMED', message: /Deleting emil: there is no terminal/ });
  const asked: string[] = [];
  const terminal = (answer: string) => ({
    isInteractive: true,
    ask: async (question: string) => (asked.push(question), answer),
  });
  await assert.rejects(collect([], { terminal: terminal('y') }), { code: 'K8S_NOT_CONFIRMED' });
  assert.equal(await isEnding('emil'), false);
  await collect([], { terminal: terminal('yes') });
  assert.deepEqual(asked, Array(2).fill("Delete emil, with all that is in it? Only 'yes' does: "));
  assert.equal(await isEnding('emil'), true);
});

test('gc collects what its owner has released; an apply takes that back', async () => {
  await applyStack(stackOf('frida'));
  const end = await expiresAt('frida');
  await release('frida');
  assert.equal(await expiresAt('frida'), end);
  assert.match((await collect(['--dry-run'])).printed.join('\n'), /frida .* to collect +released at/);
  await applyStack(stackOf('frida'));
  assert.match((await collect(['--dry-run'])).printed.join('\n'), /frida .* in use +expires at/);
  await release('frida');
  await collect(['--yes']);
  assert.equal(await isEnding('frida'), true);
  await assert.rejects(release('nobody-there'), { code: 'K8S_NAMESPACE_MISSING' });
});

test('gc leaves alone what Fathom has not made, what has another owner, a reserved name, or an end that is no time', async () => {
  const labels = {
    'app.kubernetes.io/managed-by': 'fathom',
    'fathom.internal/namespace': 'personal',
    'fathom.internal/owner': 'forged',
  };
  const annotations = {
    'fathom.internal/created': '2001-01-01T00:00:00Z',
    'fathom.internal/expires': '2001-01-01T00:00:00Z',
  };
  await post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'forged', labels, annotations },
  });
  for (const user of ['gustav', 'holly', 'ida']) await applyStack(stackOf(user));
  for (const user of ['gustav', 'holly']) await expire(user);
  await merge(pathOf('gustav'), { metadata: { labels: { 'fathom.internal/owner': 'holly' } } });
  await annotate('ida', { expires: 'soon' });
  const { printed } = await collect(['--yes'], { reserved: ['prod', 'holly'] });
  const table = printed.join('\n');
  for (const line of [
    /forged .* left alone +somebody else has made it/,
    /gustav .* left alone +its owner is 'holly'/,
    /holly .* left alone +its name is reserved/,
    /ida .* in use +expires at 'soon', which is no time/,
  ]) {
    assert.match(table, line);
  }
  for (const name of ['forged', 'gustav', 'holly', 'ida']) assert.equal(await isEnding(name), false, name);
});

test('an apply between the list and the deletion keeps the namespace', async () => {
  await applyStack(stackOf('karl'));
  await expire('karl');
  const terminal = {
    isInteractive: true,
    ask: async () => {
      // While somebody thinks about the question.
      await applyStack(stackOf('karl'));
      return 'yes';
    },
  };
  const { lines } = await collect([], { terminal });
  assert.match(lines.join('\n'), /kept {6}karl: it was changed, or is gone, since it was listed/);
  assert.equal(await isEnding('karl'), false);
});

test('however an apply and a gc meet, the namespace is kept whole, or the apply says that it is going', async () => {
  const random = createRandom(chooseSeed());
  const outcomes = { kept: 0, gone: 0 };
  for (let round = 0; round < 16; round++) {
    const user = `meet-${round}`;
    await applyStack(stackOf(user, {}, ['a']));
    await expire(user);
    // From the gc first to the apply first: an apply has more to do before it comes to the namespace.
    const aheadMs = random() * 300 - 60;
    const applying = sleep(Math.max(0, -aheadMs)).then(() => applyStack(stackOf(user, {}, ['a', 'b'])));
    const collecting = sleep(Math.max(0, aheadMs)).then(() => collect(['--yes']));
    const [applied, collected] = await Promise.allSettled([applying, collecting]);
    assert.equal(collected.status, 'fulfilled');
    if (applied.status === 'fulfilled') {
      outcomes.kept++;
      assert.equal(await isEnding(user), false, `round ${round}`);
      assert.ok((await expiresAt(user)) > Date.now() + 71 * HOUR_MS);
      assert.ok(await getMap(user, 'b'));
    } else {
      outcomes.gone++;
      assert.equal((applied.reason as { readonly code?: string }).code, 'K8S_NAMESPACE_TERMINATING');
      assert.equal(await isEnding(user), true, `round ${round}`);
    }
  }
  process.stdout.write(`${outcomes.kept} kept, ${outcomes.gone} gone\n`);
});

test('a deletion between the look at a namespace and its renewal makes no second one', async () => {
  await applyStack(stackOf('lena'));
  await expire('lena');
  const old = await namespaceOf('lena');
  await remove(pathOf('lena'));
  await server.client.request({
    method: 'PUT',
    path: `${pathOf('lena')}/finalize`,
    body: { ...(await namespaceOf('lena')), spec: { finalizers: [] } },
    doing: 'Testing',
  });
  assert.equal(await get(pathOf('lena')), undefined);
  await withSession(server, stackOf('lena'), async ({ session }) => {
    const connected = await connect(session);
    const { client } = connected;
    // The answer of a moment ago.
    const late = {
      ...client,
      request: async (one: Parameters<typeof client.request>[0]) =>
        one.method === 'GET' && one.path === pathOf('lena') ? old : client.request(one),
    };
    await assert.rejects(renewPersonal(session, { ...connected, client: late }), { code: 'K8S_CONFLICT' });
    client.close();
  });
  assert.equal(await get(pathOf('lena')), undefined);
});

test('an apply to a namespace that is ending says so', async () => {
  await applyStack(stackOf('mona'));
  await expire('mona');
  await collect(['--yes']);
  await assert.rejects(applyStack(stackOf('mona')), { code: 'K8S_NAMESPACE_TERMINATING' });
});

test('a namespace in which a run holds a lock is kept', async () => {
  await applyStack(stackOf('nils'));
  await expire('nils');
  const spec = {
    holderIdentity: 'nils@laptop:1:2',
    leaseDurationSeconds: 15,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  const leases = '/apis/coordination.k8s.io/v1/namespaces/nils/leases';
  await post(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'fathom-x' }, spec });
  const { printed } = await collect(['--yes']);
  assert.match(printed.join('\n'), /nils .* in use +expired at .*, but nils@laptop:1:2 is at work in it/);
  assert.equal(await isEnding('nils'), false);
  await merge(`${leases}/fathom-x`, { spec: { renewTime: '2001-01-01T00:00:00.000000Z' } });
  await collect(['--yes']);
  assert.equal(await isEnding('nils'), true);
});

test('the clock of a machine that is wrong by years makes no difference', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2001-01-01T00:00:00Z') });
  await applyStack(stackOf('otto'));
  const { printed } = await collect(['--dry-run']);
  context.mock.timers.reset();
  assert.ok((await expiresAt('otto')) > Date.now() + 71 * HOUR_MS);
  assert.match(printed.join('\n'), /otto .* in use/);
  context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2999-01-01T00:00:00Z') });
  const late = await collect(['--dry-run']);
  context.mock.timers.reset();
  assert.match(late.printed.join('\n'), /otto .* in use/);
});

test('lists as JSON', async () => {
  const printed: string[] = [];
  const stack = {
    ...programOf('admin', '', ['--output=json']),
    streams: { print: (line: string) => void printed.push(line) },
  };
  await withSession(server, stack, ({ session }) => listVerb(session));
  const { namespaces } = JSON.parse(printed[0] ?? '') as {
    readonly namespaces: readonly Readonly<Record<string, string>>[];
  };
  assert.deepEqual(Object.keys(namespaces[0] ?? {}), ['name', 'owner', 'state', 'reason']);
});

/** A target of the sample, as `bazel run` starts it. */
async function runTarget(name: string, user: string, args: readonly string[] = []) {
  // The environment's context, which leads here.
  const kubeconfig = join(server.folder, 'environment');
  const config = await readFile(server.kubeconfig, 'utf8');
  await writeFile(kubeconfig, config.replaceAll(`"${server.context}"`, '"fathom-fathom"'));
  const child = spawn(runfile(`fathom/tools/k8s/tests/sample/${name}`), ['--kubeconfig', kubeconfig, ...args], {
    env: {
      ...{ PATH: process.env['PATH'], HOME: server.folder, FATHOM_STATE: server.folder, FATHOM_USER: user },
      SOPS_AGE_KEY_FILE: runfile('fathom/tools/k8s/tests/secrets/throw_away_age_key.txt'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, ...output };
}

test('the targets that the build makes apply a secret, list, release and collect', async () => {
  const applied = await runTarget('secretive.apply', 'Rosa', ['--no-wait']);
  assert.equal(applied.code, 0, applied.stderr);
  const [, name = ''] = /Namespace (rosa-[0-9a-f]{6})/.exec(applied.stderr) ?? [];
  const { data } = (await get(`${pathOf(name)}/secrets/sample`)) as KubeObject & {
    readonly data: Readonly<Record<string, string>>;
  };
  assert.equal(Buffer.from(data['password'] ?? '', 'base64').toString(), 'redis-pa55word-1');
  assert.equal(
    Buffer.from(data['url'] ?? '', 'base64').toString(),
    `redis://:${encodeURIComponent('a b/c&d=ü"?')}@redis.${name}.svc`,
  );
  assert.ok((await expiresAt(name)) > Date.now() + HOUR_MS, 'what cluster_constants.bzl says');
  // Whoever collects need have no name, not even one that could be a namespace.
  for (const user of ['Rosa', 'prod', '']) {
    const listed = await runTarget('namespaces', user);
    assert.deepEqual([listed.code, listed.stderr], [0, '']);
    assert.match(listed.stdout, new RegExp(`^${name} +Rosa +\\S+ +in use +expires at `, 'm'));
  }
  assert.match((await runTarget('namespaces.release', 'Rosa')).stderr, /is released/);
  const refused = await runTarget('namespaces.gc', 'admin');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error: K8S_NOT_CONFIRMED: /m);
  assert.equal((await runTarget('namespaces.gc', 'admin', ['--no-wait', '--yes'])).code, 0);
  assert.equal(await isEnding(name), true);
  const wrong = await runTarget('namespaces.gc', 'admin', ['--force']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^error: K8S_USAGE: .*'--force'/m);
  const foreign = await runTarget('namespaces.gc', 'admin', ['--prune-data']);
  assert.match(foreign.stderr, /^error: K8S_USAGE: .*namespaces\.gc has no use for --prune-data/m);
});
