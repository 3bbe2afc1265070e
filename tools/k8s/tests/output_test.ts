// What a run says: to people on a terminal, to CI systems and to programs. Against a real API server where it must be.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createAnnotationListener, createJunitListener } from '../deploy/ci_listeners.ts';
import type { PlannedObject } from '../deploy/plan.ts';
import { Progress } from '../deploy/progress.ts';
import { colorsFor } from '../deploy/report.ts';
import { createTreeListener } from '../deploy/tree_listener.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';
import type { KubeObject } from '../model/object.ts';

let server: ApiServer;
let folder: string;
before(async () => {
  server = await startApiServer();
  folder = await mkdtemp(join(tmpdir(), 'fathom-output-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
const { applyStack, deleteStack, makeNamespace, setStatus } = callsTo(() => server);

const stackOf = (namespace: string, objects: TestStack['sets'][number]['objects'], rest: Partial<TestStack> = {}) => ({
  sets: [{ stack: 'x', namespace, objects }],
  ...rest,
});

test('ends with the counts and the time of each phase', async () => {
  await makeNamespace('summary');
  const lines = await applyStack(stackOf('summary', [configMap('a', 'summary')]));
  assert.match(
    lines.at(-1) ?? '',
    /^\/\/test:stack: 1 object: 1 created, in [\d.]+ m?s \(connect [\d.]+ m?s, plan [\d.]+ m?s, apply [\d.]+ m?s(, \w+ [\d.]+ m?s)*\)$/,
  );
});

test('writes JUnit XML with a case for each object, and the cause of what failed', async () => {
  await makeNamespace('junit');
  const file = join(folder, 'junit.xml');
  const objects = [configMap('a', 'junit'), deployment('junit', 1)];
  const onLine = (line: string) => {
    if (!line.startsWith('created   Deployment')) return;
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: '<slow> & "odd"' },
    ];
    void setStatus('/apis/apps/v1/namespaces/junit/deployments/web', { observedGeneration: 1, conditions });
  };
  const args = ['--junit', file, '--timeout', '20s'];
  await assert.rejects(applyStack(stackOf('junit', objects, { args, onLine })), { code: 'K8S_FAILED' });
  const xml = await readFile(file, 'utf8');
  assert.match(xml, /<testsuites name="\/\/test:stack" tests="2" failures="1" skipped="0" time="\d+\.\d{3}">/);
  assert.match(xml, /<testsuite name="junit\/x" tests="2" failures="1" skipped="0">/);
  assert.match(xml, /<testcase classname="junit\/x" name="ConfigMap junit\/a" time="\d+\.\d{3}"\/>/);
  assert.match(
    xml,
    /name="Deployment junit\/web" time="[\d.]+">\n +<failure type="K8S_FAILED" message="[^"]*&lt;slow&gt; &amp; &quot;odd&quot;">/,
  );
});

test('a run that fails before its plan is one failed case; a file that cannot be written is an error of its own', async () => {
  await makeNamespace('early');
  const file = join(folder, 'early.xml');
  const bad = stackOf('early', [configMap('not_a_name', 'early')]);
  await assert.rejects(applyStack({ ...bad, args: ['--junit', file] }), { code: 'K8S_INVALID' });
  assert.match(
    await readFile(file, 'utf8'),
    /<testcase classname="\/\/test:stack" name="the run" [^>]*>\n +<failure type="K8S_INVALID"/,
  );
  const good = stackOf('early', [configMap('a', 'early')], { args: ['--junit', join(folder, 'no/where.xml')] });
  await assert.rejects(applyStack(good), { code: 'K8S_JUNIT' });
});

test('a delete writes JUnit XML as well: what is gone, what it kept and what did not go', async () => {
  await makeNamespace('leaving');
  const file = join(folder, 'delete.xml');
  const claim: KubeObject = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'leaving' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  };
  const held = configMap('held', 'leaving');
  const metadata = { ...held.metadata, finalizers: ['example.com/wait'] };
  const objects = [configMap('a', 'leaving'), { ...held, metadata }, claim];
  await applyStack(stackOf('leaving', objects, { args: ['--no-wait'] }));
  const printed: string[] = [];
  const args = ['--junit', file, '--timeout', '300ms', '--output=json'];
  const streams = { print: (line: string) => void printed.push(line) };
  await assert.rejects(deleteStack(stackOf('leaving', objects, { args, streams })), { code: 'K8S_NOT_DELETED' });
  const xml = await readFile(file, 'utf8');
  assert.match(xml, /<testsuite name="leaving\/x" tests="3" failures="1" skipped="0">/);
  assert.match(xml, /<testcase classname="leaving\/x" name="ConfigMap leaving\/a" time="[\d.]+"\/>/);
  assert.match(xml, /name="PersistentVolumeClaim leaving\/data" time="[\d.]+"\/>/);
  assert.match(
    xml,
    /name="ConfigMap leaving\/held" time="[\d.]+">\n +<failure type="K8S_NOT_DELETED" message="[^"]*held by example\.com\/wait"/,
  );
  const events = printed.map((line) => JSON.parse(line));
  const actions = (kind: string) =>
    events.filter((event) => event.kind === kind).map(({ action, object }) => `${action} ${object.name}`);
  assert.deepEqual(actions('object').sort(), ['delete a', 'delete held', 'keep data']);
  assert.deepEqual(actions('gone'), ['undefined a']);
});

test('a diff as JSON has each difference with its fields, and no value of a Secret', async () => {
  await makeNamespace('differences');
  const secret = (value: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'differences' } },
    stringData: { password: value },
  });
  const stack = (x: string, rest: Partial<TestStack> = {}) =>
    stackOf('differences', [configMap('a', 'differences', { x }), secret(`value-${x}`)], rest);
  await applyStack(stack('1'));
  const printed: string[] = [];
  const diff = stack('2', { args: ['--output=json'] });
  const code = await withSession(server, diff, ({ session }) =>
    diffVerb(
      async () => session,
      (line) => printed.push(line),
    ),
  );
  assert.deepEqual([code, printed.at(-1)], [1, 'fathom: 2 differences']);
  const { label, differences } = JSON.parse(printed[0] ?? '');
  assert.equal(label, '//test:stack');
  const common = { action: 'update', label: '//test:x', set: 'differences/x' };
  const place = { apiVersion: 'v1', namespace: 'differences' };
  assert.deepEqual(differences, [
    {
      ...{ ...common, object: { ...place, kind: 'ConfigMap', name: 'a' } },
      changes: [{ path: 'data.x', before: '1', after: '2' }],
    },
    {
      ...{ ...common, object: { ...place, kind: 'Secret', name: 's' } },
      changes: [{ path: 'data.password', before: '***', after: '***' }],
    },
  ]);
});

test('prints events as JSON, without the values of fields', async () => {
  await makeNamespace('json');
  const printed: string[] = [];
  const streams = { print: (line: string) => void printed.push(line) };
  const secret = (value: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'json' } },
    stringData: { password: value },
  });
  const args = ['--output=json'];
  await applyStack(stackOf('json', [secret('first-value')], { args, streams }));
  printed.length = 0;
  await applyStack(stackOf('json', [secret('other-value')], { args, streams }));
  const events = printed.map((line) => JSON.parse(line));
  assert.deepEqual(
    events.filter(({ kind }) => kind !== 'phase').map(({ kind }) => kind),
    ['planned', 'object', 'done'],
  );
  const { elapsedMs, ...object } = events.find(({ kind }) => kind === 'object');
  assert.equal(typeof elapsedMs, 'number');
  assert.deepEqual(object, {
    ...{ kind: 'object', action: 'update', label: '//test:x', changes: ['data.password'] },
    object: { apiVersion: 'v1', kind: 'Secret', namespace: 'json', name: 's' },
  });
  assert.deepEqual(events.at(-1).counts, { update: 1 });
  for (const value of ['first-value', 'other-value']) {
    assert.ok(!printed.join('\n').includes(value) && !printed.join('\n').includes(btoa(value)));
  }
});

test('annotates what failed for GitHub, in one line whatever is in it', () => {
  const written: string[] = [];
  const listener = createAnnotationListener((line) => written.push(line));
  const object = configMap('a', 'n');
  listener.on({ kind: 'failed', object, code: 'K8S_FAILED', message: '100%', causes: ['one\ntwo'] }, 0);
  listener.on({ kind: 'error', code: 'K8S_FAILED', message: 'again' }, 0);
  assert.deepEqual(written, ['::error title=K8S_FAILED ConfigMap n/a::100%25%0Aone%0Atwo']);
});

test('annotates an error that is of no object, where GitHub runs it', async () => {
  const written: string[] = [];
  const streams = { printError: (line: string) => void written.push(line) };
  const bad = stackOf('nowhere', [configMap('a', 'nowhere')], { streams });
  await assert.rejects(applyStack({ ...bad, env: { GITHUB_ACTIONS: 'true' } }), { code: 'K8S_NAMESPACE_MISSING' });
  assert.match(written.join('\n'), /^::error title=K8S_NAMESPACE_MISSING::[^\n]*%0A[^\n]*$/);
  written.length = 0;
  await assert.rejects(applyStack(bad), { code: 'K8S_NAMESPACE_MISSING' });
  assert.deepEqual(written, []);
});

test('keeps characters out of XML that it has no way to write', async () => {
  let written = '';
  const listener = createJunitListener('//x', async (xml) => void (written = xml));
  listener.on({ kind: 'error', code: 'C', message: 'a\u0000b\u001b[31m' }, 5);
  await listener.close?.();
  assert.match(written, /message="a\ufffdb\ufffd\[31m"/);
});

function planned(name: string, action: PlannedObject['action']): PlannedObject {
  const resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };
  return { action, object: configMap(name, 'n'), live: undefined, resource, changes: [], label: '//l', set: 'n/x' };
}

test('counts the objects of the plan, and not the personal namespace that is written beside them', () => {
  const progress = new Progress([]);
  const [one, two] = [planned('one', 'create'), planned('two', 'create')];
  progress.emit({ kind: 'planned', objects: [one, two] });
  progress.emit({ kind: 'object', planned: planned('fathom-personal', 'create') });
  progress.emit({ kind: 'object', planned: { ...one, action: 'update' } });
  assert.deepEqual(progress.written, { done: 1, all: 2, isDeleting: false });
});

/** What a terminal shows after all that was written to it: lines, and the two movements that the picture uses. */
function shown(text: string): string[] {
  const lines: string[] = [''];
  for (const part of text.split(/(\u001b\[\d*[AJ]|\n)/)) {
    const [, count] = /^\u001b\[(\d+)A$/.exec(part) ?? [];
    if (count !== undefined) lines.splice(lines.length - 1 - Number(count), Number(count) + 1, '');
    else if (part === '\n') lines.push('');
    else if (!part.startsWith('\u001b[')) lines[lines.length - 1] += part;
  }
  return lines.filter((line) => line !== '');
}

test('draws a line for each object that is not done, below what it has printed, and leaves no trace of it', () => {
  let written = '';
  const screen = { write: (text: string) => void (written += text), columns: 60, rows: 20 };
  const write = (line: string) => void (written += `${line}\n`);
  const tree = createTreeListener({ info: write, warn: write, error: write }, colorsFor({}, {}), screen);
  const objects = [planned('a', 'create'), planned('b', 'update'), planned('c', 'unchanged')];
  tree.on({ kind: 'planned', objects }, 0);
  tree.on({ kind: 'object', planned: objects[0] as PlannedObject }, 10);
  const row = (line: string) => line.replace(/ +\d+ ms$/, '');
  assert.deepEqual(shown(written).map(row), [
    ...['created   ConfigMap n/a', 'n/x', '  › ConfigMap n/a  applied', '  · ConfigMap n/b  update'],
  ]);
  tree.on({ kind: 'waiting', object: configMap('a', 'n'), message: `not yet ${'x'.repeat(100)}` }, 20);
  tree.log.info('another line');
  assert.ok(
    shown(written).every((line) => line.length < 60),
    shown(written).join('\n'),
  );
  assert.match(shown(written)[3] ?? '', /^ {2}… ConfigMap n\/a {2}not yet x+…$/);
  void tree.close?.();
  assert.deepEqual(shown(written), ['created   ConfigMap n/a', 'another line']);
});

test('draws no more lines than the terminal has', () => {
  let written = '';
  const screen = { write: (text: string) => void (written += text), columns: 80, rows: 10 };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const tree = createTreeListener(log, colorsFor({}, {}), screen);
  tree.on({ kind: 'planned', objects: Array.from({ length: 50 }, (_, index) => planned(`o${index}`, 'create')) }, 0);
  tree.log.info('');
  assert.equal(shown(written).length, 8);
  assert.match(shown(written).at(-1) ?? '', /^and 44 more$/);
  void tree.close?.();
});
