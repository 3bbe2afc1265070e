// What k8s_test does on a cluster: passes, fails, is killed; and what is left of it each time.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runfile } from '../../../lib/runfiles.ts';
import { personalNamespace } from '../../../lib/user.ts';
import { createClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { findCluster } from '../../kube/kubeconfig.ts';
import type { KubeObject } from '../../model/object.ts';

const access = await findCluster({
  env: process.env,
  context: 'fathom-fathom',
  cluster: 'fathom',
  user: '',
  files: [],
});
const client = createClient(access, { signal: AbortSignal.timeout(900_000) });
after(() => client.close());

interface Run {
  readonly child: ChildProcess;
  readonly outputs: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<number | string>;
}

/** Starts a k8s_test as Bazel does, as the leader of a process group. */
function start(name: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Run {
  const outputs = mkdtempSync(join(tmpdir(), 'fathom-outputs-'));
  const child = spawn(runfile(`fathom/tools/k8s/tests/k8s_test/${name}`), args, {
    env: { ...process.env, TEST_UNDECLARED_OUTPUTS_DIR: outputs, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<number | string>((resolve, reject) =>
    child.on('error', reject).on('exit', (code, signal) => resolve(code ?? signal ?? '')),
  );
  return { child, outputs, stdout: () => output.stdout, stderr: () => output.stderr, ended };
}

async function until<T>(
  what: string,
  withinMs: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < deadlineMs, `${what}: not within ${withinMs} ms`);
    await sleep(100);
  }
}

const namespaceOf = ({ stderr }: Run) => /namespace (t-\S+) of/.exec(stderr())?.[1];

async function read(namespace: string): Promise<KubeObject | undefined> {
  try {
    return (await client.request({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}`,
      doing: `Reading namespace ${namespace}`,
    })) as KubeObject;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const isGoing = async (namespace: string) => {
  const live = await read(namespace);
  return live === undefined || live.metadata.deletionTimestamp !== undefined;
};

const goes = (namespace: string, withinMs: number) =>
  until(`namespace ${namespace} goes`, withinMs, async () => ((await isGoing(namespace)) ? true : undefined));

async function running(run: Run): Promise<string> {
  await until('the program runs', 120_000, () => (run.stdout().includes('\n') ? true : undefined)).catch((error) => {
    throw new Error(run.stderr(), { cause: error });
  });
  return namespaceOf(run) ?? assert.fail(run.stderr());
}

test('brings the stack up, hands addresses over, passes, and leaves no namespace', async () => {
  const run = start('sound_test', {}, ['--from-the-caller']);
  assert.equal(await run.ended, 0, run.stderr());
  const namespace = namespaceOf(run) ?? assert.fail(run.stderr());
  assert.deepEqual(JSON.parse(run.stdout()), {
    namespace,
    user: namespace,
    context: access.context,
    kubeconfig: access.file,
    extra: 'extra',
    args: ['--from-the-build', '--from-the-caller'],
    status: 404,
    body: 'web\n',
  });
  assert.equal(personalNamespace({ env: { FATHOM_USER: namespace } }), namespace, 'verbs act in it');
  assert.ok(await isGoing(namespace));
  assert.deepEqual(readdirSync(run.outputs), [], 'a test that passes leaves nothing to read');
  await until('the namespace is gone', 120_000, async () => ((await read(namespace)) === undefined ? true : undefined));
});

test('runs beside itself, each in a namespace of its own', async () => {
  const runs = [start('sound_test'), start('sound_test')];
  assert.deepEqual(
    await Promise.all(runs.map(({ ended }) => ended)),
    [0, 0],
    runs.map(({ stderr }) => stderr()).join('\n'),
  );
  assert.notEqual(namespaceOf(runs[0] as Run), namespaceOf(runs[1] as Run));
});

test('fails as its program fails, and leaves logs, events and states', async () => {
  const run = start('sound_test', { CHECK: 'fail' });
  assert.equal(await run.ended, 3, run.stderr());
  const [pod = ''] = readdirSync(join(run.outputs, 'logs'));
  assert.match(pod, /^web-/);
  assert.match(readFileSync(join(run.outputs, 'logs', pod, 'web.log'), 'utf8'), /asked for \/from-the-test/);
  assert.match(
    readFileSync(join(run.outputs, 'events.txt'), 'utf8'),
    /Pod\/web-\S+ +Started container web|Started +Pod\/web-/,
  );
  assert.match(readFileSync(join(run.outputs, 'describe.txt'), 'utf8'), /Deployment \S+\/web: ready/);
  assert.match(readFileSync(join(run.outputs, 'pods.json'), 'utf8'), new RegExp(pod));
  assert.equal(existsSync(join(run.outputs, 'problems.txt')), false);
  await goes(namespaceOf(run) ?? '', 5000);
});

test('leaves the log of a container that has crashed, beside that of the one which was started instead', async () => {
  const run = start('sound_test', { CHECK: 'crash' });
  assert.equal(await run.ended, 3, run.stderr());
  const [pod = ''] = readdirSync(join(run.outputs, 'logs'));
  const read = (file: string) => readFileSync(join(run.outputs, 'logs', pod, file), 'utf8');
  assert.match(read('web.previous.log'), /asked for \/crash/);
  assert.match(read('web.log'), /asked for \/after-the-crash/);
  assert.doesNotMatch(read('web.log'), /asked for \/crash/);
  assert.match(run.stderr(), /web\.previous\.log: .*asked for \/crash/, 'the worst is in the log of the test');
});

test('says that a stack did not come up, with its pods and their logs', async () => {
  const run = start('broken_test');
  assert.equal(await run.ended, 1, run.stderr());
  assert.match(run.stderr(), /error: K8S_TEST_APPLY: Running .*:broken_test: its stack did not come up/);
  assert.equal(run.stdout().includes('"status"'), false, 'the program does not run');
  const [pod = ''] = readdirSync(join(run.outputs, 'logs'));
  assert.match(readFileSync(join(run.outputs, 'logs', pod, 'web.log'), 'utf8'), /asked for \/never/);
  assert.match(run.stderr(), /Readiness probe failed/);
  await goes(namespaceOf(run) ?? '', 5000);
});

test('says which Service is not there, and which there are', async () => {
  const run = start('lost_test');
  assert.equal(await run.ended, 1, run.stderr());
  assert.match(
    run.stderr(),
    /error: K8S_FORWARD_TARGET: .*service\/wob:http.*: there is no such Service, there are: web/,
  );
  await goes(namespaceOf(run) ?? '', 5000);
});

test('deletes the namespace at once at SIGTERM, with what is known until then', async () => {
  const run = start('sound_test', { CHECK: 'hang' });
  const namespace = await running(run);
  assert.equal(await isGoing(namespace), false);
  const startMs = performance.now();
  run.child.kill('SIGTERM');
  assert.equal(await run.ended, 143, run.stderr());
  assert.ok(performance.now() - startMs < 12_000, 'within what Bazel waits');
  assert.ok(await isGoing(namespace));
  assert.equal(readdirSync(join(run.outputs, 'logs')).length, 1);
});

const children = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const isWatcher = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--watch');

test('deletes the namespace when it is killed with all of its process group', async () => {
  const run = start('sound_test', { CHECK: 'hang' });
  const namespace = await running(run);
  process.kill(-(run.child.pid ?? assert.fail()), 'SIGKILL');
  assert.equal(await run.ended, 'SIGKILL');
  await goes(namespace, 15_000);
});

test('deletes what is left of a run that was killed with its watcher, once it has expired', async () => {
  const run = start('sound_test', { CHECK: 'hang' });
  const namespace = await running(run);
  const pid = run.child.pid ?? assert.fail();
  const watcher = children(pid).find(isWatcher) ?? assert.fail('there is a watcher');
  process.kill(watcher, 'SIGKILL');
  process.kill(-pid, 'SIGKILL');
  await run.ended;
  await sleep(2000);
  assert.equal(await isGoing(namespace), false, 'nobody is left who could delete it');
  const end = Date.parse((await read(namespace))?.metadata.annotations?.['fathom.internal/expires'] ?? '');
  assert.ok(end > Date.now() && end <= Date.now() + 900_000, 'a quarter of an hour, also after an apply');
  await client.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'fathom.internal/expires': '2001-01-01T00:00:00Z' } } },
    doing: 'Expiring it',
  });
  const next = start('sound_test');
  assert.equal(await next.ended, 0, next.stderr());
  assert.match(next.stderr(), new RegExp(`deleting what earlier runs have left: .*${namespace}`));
  assert.ok(await isGoing(namespace));
});
