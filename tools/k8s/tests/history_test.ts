// What applies record, and what a rollback puts back: against a real API server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KEPT_REVISIONS, type Revision, packHistory, readHistory, withRevision } from '../deploy/history.ts';
import { fieldChanges } from '../deploy/changes.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { rollbackVerb } from '../verbs/rollback.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, getMap, makeNamespace, merge, remove } = callsTo(() => server);

const rollback = (stack: TestStack, args: readonly string[] = []) =>
  withSession(server, { ...stack, args: [...(stack.args ?? []), ...args] }, async ({ session, lines }) => {
    const printed: string[] = [];
    await rollbackVerb(session, (line) => printed.push(line));
    return { lines, printed };
  });
const stackOf = (namespace: string, objects: readonly KubeObject[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'x', namespace, objects }],
  args: ['--no-wait'],
  ...rest,
});
const revisionOf = (number: number): Revision => ({
  ...{ number, run: String(number), verb: 'apply', state: 'done', who: 'a', when: 't', images: [] },
});
const parentPath = (namespace: string, stack = 'x') => `/api/v1/namespaces/${namespace}/secrets/fathom-${stack}`;
const revisionsOf = async (namespace: string, stack = 'x') =>
  readHistory(await get(parentPath(namespace, stack))).revisions;

test('records who applied what, when, of which commit, with which images', async () => {
  await makeNamespace('who');
  const folder = await mkdtemp(join(tmpdir(), 'fathom-history-'));
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { encoding: 'utf8' });
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '-m', 'first');
  const image = `example.com/web@sha256:${'1'.repeat(64)}`;
  const env = { BUILD_WORKSPACE_DIRECTORY: folder };
  await applyStack(stackOf('who', [deployment('who', 0, image)], { env }));
  await writeFile(join(folder, 'new'), '');
  await applyStack(stackOf('who', [deployment('who', 1, image)], { env }));
  const [first, second] = await revisionsOf('who');
  const { run, when, who, ...rest } = first as Revision;
  assert.match(run, /^[0-9a-f-]{36}$/);
  assert.ok(Math.abs(Date.now() - Date.parse(when)) < 600_000);
  assert.match(who, /^ada@./);
  const commit = git('rev-parse', 'HEAD').trim();
  assert.deepEqual(rest, { number: 1, verb: 'apply', state: 'done', commit, isDirty: false, images: [image] });
  assert.deepEqual([second?.number, second?.isDirty, second?.run === run], [2, true, false]);
  await rm(folder, { recursive: true });
});

test('records nothing where nothing changed', async () => {
  await makeNamespace('same');
  const stack = stackOf('same', [configMap('a', 'same')]);
  await applyStack(stack);
  const parent = await get(parentPath('same'));
  await applyStack(stack);
  assert.deepEqual(await get(parentPath('same')), parent);
});

test('puts back exactly what was: changed fields, pruned objects, and not what was added', async () => {
  await makeNamespace('back');
  const before = [
    configMap('a', 'back', { x: '1', y: '1' }),
    service('back'),
    deployment('back', 0, 'example.com/web:1'),
  ];
  const added = { ...configMap('b', 'back'), metadata: { name: 'b', namespace: 'back' } };
  const after = [configMap('a', 'back', { x: '2', z: '2' }), added, deployment('back', 2, 'example.com/web:2')];
  const live = () =>
    Promise.all(
      ['configmaps/a', 'configmaps/b', 'services/web'].map((name) => get(`/api/v1/namespaces/back/${name}`)),
    ).then(async (all) => [...all, await get('/apis/apps/v1/namespaces/back/deployments/web')]);
  await applyStack(stackOf('back', before));
  const first = await live();
  await applyStack(stackOf('back', after));
  const { lines } = await rollback(stackOf('back', after));
  assert.match(lines[0] ?? '', /^restoring back\/x: revision 1, by ada@/);
  const now = await live();
  now.forEach((object, index) => {
    const old = first[index];
    if (old === undefined || object === undefined) return assert.equal(object, old);
    const changes = fieldChanges(old, object).filter(({ path }) => !/^spec\.clusterIPs?\b/.test(path));
    assert.deepEqual(changes, [], object.kind);
  });
  assert.match((await applyStack(stackOf('back', before))).at(-1) ?? '', /3 objects: 3 unchanged/);
});

test('one rollback after another goes further back, and --to goes anywhere', async () => {
  await makeNamespace('further');
  const stack = (x: string) => stackOf('further', [configMap('a', 'further', { x })]);
  for (const x of ['1', '2', '3']) await applyStack(stack(x));
  const value = async () => (await getMap('further', 'a'))?.['data'];
  await rollback(stack('3'));
  assert.deepEqual(await value(), { x: '2' });
  await rollback(stack('3'));
  assert.deepEqual(await value(), { x: '1' });
  await assert.rejects(rollback(stack('3')), { code: 'K8S_NO_REVISION' });
  await rollback(stack('3'), ['--to', '3']);
  assert.deepEqual(await value(), { x: '3' });
  await assert.rejects(rollback(stack('3'), ['--to', '77']), { code: 'K8S_NO_REVISION', message: /only 1, 2, 3, 4/ });
  const { printed } = await rollback(stack('3'), ['--list']);
  assert.match(printed.at(-1) ?? '', /^further\/x +6 +done +rollback to 3 +20\S+ +ada@\S+ +- +1 +0$/);
});

test('a deep rollback undoes the last run, and leaves stacks that it had not changed', async () => {
  await makeNamespace('deep');
  const set = (stack: string, x: string) => ({
    stack,
    namespace: 'deep',
    objects: [configMap(stack, 'deep', { x })],
  });
  const deep = (base: string, top: string): TestStack => ({ sets: [set('base', base), set('top', top)] });
  await applyStack(deep('1', '1'));
  await applyStack(deep('2', '1'));
  await applyStack(deep('2', '2'));
  await rollback(deep('2', '2'));
  const values = async () => [(await getMap('deep', 'base'))?.['data'], (await getMap('deep', 'top'))?.['data']];
  assert.deepEqual(await values(), [{ x: '2' }, { x: '1' }]);
  await applyStack(deep('3', '3'));
  await rollback(deep('3', '3'));
  assert.deepEqual(await values(), [{ x: '2' }, { x: '1' }]);
});

test('a deep rollback needs no stack that its objects depend on and the last run had not changed', async () => {
  await makeNamespace('across');
  const top = (x: string): KubeObject => {
    const { metadata, ...rest } = configMap('top', 'across', { x });
    const annotations = { 'config.kubernetes.io/depends-on': '/namespaces/across/ConfigMap/base' };
    return { ...rest, metadata: { ...metadata, annotations } };
  };
  const deep = (x: string, args: readonly string[] = []): TestStack => ({
    sets: [
      { stack: 'base', namespace: 'across', objects: [configMap('base', 'across')] },
      { stack: 'top', namespace: 'across', objects: [top(x)] },
    ],
    args,
  });
  await applyStack(deep('1'));
  await applyStack(deep('2'));
  const value = async () => (await getMap('across', 'top'))?.['data'];
  await rollback(deep('2', ['--dry-run']));
  assert.deepEqual(await value(), { x: '2' });
  await rollback(deep('2'));
  assert.deepEqual(await value(), { x: '1' });
});

test('an apply that was cut off is no revision to return to', async () => {
  await makeNamespace('cut');
  const stack = (x: string) => stackOf('cut', [configMap('a', 'cut', { x })]);
  await applyStack(stack('1'));
  await applyStack(stack('2'));
  const history = await revisionsOf('cut');
  const cut = history.map((one) => (one.number === 2 ? { ...one, state: 'started' } : one));
  const encoded = Buffer.from(JSON.stringify(cut)).toString('base64');
  const annotations = { 'fathom.internal/revision': '2 started' };
  await merge(parentPath('cut'), { metadata: { annotations }, data: { 'revisions.json': encoded } });
  // Another apply, though it finds nothing to do, says that all is written now.
  await applyStack(stack('2'));
  assert.deepEqual(
    (await revisionsOf('cut')).map(({ state }) => state),
    ['done', 'done'],
  );
  await merge(parentPath('cut'), { metadata: { annotations }, data: { 'revisions.json': encoded } });
  await applyStack(stack('3'));
  await rollback(stack('3'));
  assert.deepEqual((await getMap('cut', 'a'))?.['data'], { x: '1' });
});

test('keeps the last ten, and says so of an object without history', async () => {
  await makeNamespace('ten');
  const stack = (x: number) => stackOf('ten', [configMap('a', 'ten', { x: String(x) })]);
  for (let x = 1; x <= KEPT_REVISIONS + 2; x++) await applyStack(stack(x));
  assert.deepEqual(
    (await revisionsOf('ten')).map(({ number }) => number),
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  const alone: TestStack = { sets: [{ stack: '', namespace: 'ten', objects: [configMap('b', 'ten')] }] };
  await applyStack(alone);
  await assert.rejects(rollback(alone), { code: 'K8S_NO_REVISION', hint: /alone/ });
});

test('past what a Secret holds the oldest objects go, and a rollback to them says why it cannot be', async () => {
  await makeNamespace('large');
  // What does not compress: two such revisions fit, three do not.
  const noise = (x: string) =>
    [0, 1].map((n) => configMap(`n${n}`, 'large', { x, noise: randomBytes(160_000).toString('base64') }));
  const stacks = ['1', '2', '3', '4'].map((x) => stackOf('large', noise(x)));
  for (const stack of stacks) await applyStack(stack);
  const { printed } = await rollback(stacks[3] as TestStack, ['--list']);
  assert.match(printed[1] ?? '', / not kept +0$/);
  assert.match(printed.at(-1) ?? '', / 2 +0$/);
  await assert.rejects(rollback(stacks[3] as TestStack, ['--to', '1']), {
    code: 'K8S_NO_REVISION',
    message: /did not fit/,
  });
  await rollback(stacks[3] as TestStack);
  assert.equal(((await getMap('large', 'n0'))?.['data'] as { x: string }).x, '3');
});

test('a stack that is too large by itself is applied with a warning', async () => {
  await makeNamespace('huge');
  const objects = [0, 1, 2, 3].map((n) =>
    configMap(`n${n}`, 'huge', { noise: randomBytes(400_000).toString('base64') }),
  );
  const lines = await applyStack(stackOf('huge', objects));
  assert.ok(
    lines.some((line) => /4 objects do not fit into a Secret: no rollback to revision 1/.test(line)),
    lines.join('\n'),
  );
  assert.ok(await getMap('huge', 'n3'));
});

test('a history that nobody can read is written anew', async () => {
  await makeNamespace('broken');
  const stack = (x: string) => stackOf('broken', [configMap('a', 'broken', { x })]);
  await applyStack(stack('1'));
  await merge(parentPath('broken'), { data: { 'objects.json.zst': 'bm90IHpzdGQ=' } });
  await applyStack(stack('2'));
  assert.equal((await revisionsOf('broken')).length, 1);
  await remove(parentPath('broken'));
});

test('ten revisions of which one object each changes cost little more than one', () => {
  const objects = (x: number) =>
    Array.from({ length: 300 }, (_, index) =>
      configMap(`n${index}`, 'n', { x: String(index === x ? x : 0), text: `text ${index * 7919}` }),
    );
  let history = withRevision(readHistory(undefined), revisionOf(1), objects(1));
  const size = () => Object.values(packHistory(history).data).reduce((sum, text) => sum + text.length, 0);
  const one = size();
  for (let number = 2; number <= 10; number++) history = withRevision(history, revisionOf(number), objects(number));
  assert.ok(size() < one * 3, `${size()} of ${one}`);
});
