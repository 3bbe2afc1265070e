// Credentials of exec plugins over the time of a run: asked for again before they end, and once they are refused.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type TestCertificate, makeCertificate } from '../../lib/testing/certificate.ts';
import { openSocket } from '../forward/socket.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { findCluster } from '../kube/kubeconfig.ts';
import { at, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';

let folder: string;
let server: ApiServer;
let token: string;
let certificate: TestCertificate;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-credentials-'));
  certificate = await makeCertificate('CN=somebody,O=system:masters');
  await writeFile(join(folder, 'authority.crt'), certificate.cert);
  server = await startApiServer([`--client-ca-file=${join(folder, 'authority.crt')}`]);
  const { credentials } = server.client.access;
  assert.ok(credentials.kind === 'token');
  token = credentials.token;
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

interface Plugin {
  readonly client: KubeClient;
  /** A request that only who is logged in may make. */
  readonly ask: () => Promise<unknown>;
  /** How often the plugin was run. */
  readonly runs: () => Promise<number>;
}

/** A client whose plugin prints these one after another, and the last of them from then on; 'fail' makes it fail. */
async function withPlugin(
  answers: readonly (object | 'fail')[],
  use: (plugin: Plugin) => Promise<void>,
): Promise<void> {
  const own = await mkdtemp(join(folder, 'plugin-'));
  for (const [index, answer] of answers.entries()) {
    if (answer === 'fail') continue;
    const text = JSON.stringify({ kind: 'ExecCredential', status: answer });
    await writeFile(join(own, `answer-${index}`), text);
  }
  await writeFile(join(own, 'runs'), '');
  const script = `n=$(wc -c < runs); echo -n x >> runs; [ $n -lt ${answers.length} ] || n=${answers.length - 1}; cat answer-$n`;
  await writeFile(join(own, 'login'), `#!/bin/sh\ncd ${own}\n${script}\n`, { mode: 0o755 });
  const config = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as Record<string, unknown>;
  const users = ['admin', 'nobody'].map((name) => ({ name, user: { exec: { command: './login' } } }));
  await writeFile(join(own, 'kubeconfig'), JSON.stringify({ ...config, users }));
  const search = { env: {}, context: server.context, cluster: '', user: '', files: [join(own, 'kubeconfig')] };
  const client = createClient(await findCluster(search), { signal: AbortSignal.timeout(60_000), retryDeadlineMs: 0 });
  try {
    await use({
      client,
      ask: () => client.request({ method: 'GET', path: '/api/v1/namespaces/default', doing: 'Asking' }),
      runs: async () => (await readFile(join(own, 'runs'))).length,
    });
  } finally {
    client.close();
  }
}

const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work));

test('a plugin whose token is refused is asked again, once for all requests', () =>
  withPlugin([{ token: 'revoked' }, { token }], async ({ ask, runs }) => {
    await times(40, ask);
    assert.equal(await runs(), 2);
    await ask();
    assert.equal(await runs(), 2);
  }));

test('a connection that is switched to another protocol is tried again as well', () =>
  withPlugin([{ token: 'revoked' }, { token }], async ({ client, runs }) => {
    const path = '/api/v1/namespaces/default/pods/none/exec?command=x&stdout=1';
    const signal = AbortSignal.timeout(30_000);
    const opening = openSocket(client, { path, protocol: 'v5.channel.k8s.io', doing: 'Opening', signal });
    await assert.rejects(opening, { code: 'K8S_NOT_FOUND' });
    assert.equal(await runs(), 2);
  }));

test('what is refused again is final, and the plugin is left alone', () =>
  withPlugin([{ token: 'revoked' }], async ({ ask, runs }) => {
    const refusals = await times(40, () => ask().then(String, (error: { code?: string }) => error.code));
    assert.deepEqual(new Set(refusals), new Set(['K8S_UNAUTHORIZED']));
    assert.equal(await runs(), 2);
  }));

test('a later refusal is answered by a new login as well', async (t) => {
  const nowMs = Date.now();
  const expirationTimestamp = new Date(nowMs + 3_600_000).toISOString();
  t.mock.timers.enable({ apis: ['Date'], now: nowMs });
  const answers = [{ token: 'revoked' }, { token, expirationTimestamp }, { token: 'revoked' }, { token }];
  await withPlugin(answers, async ({ ask, runs }) => {
    await ask();
    t.mock.timers.setTime(nowMs + 3_600_000);
    await times(5, ask);
    assert.equal(await runs(), 4);
  });
});

test('a credential is renewed shortly before it ends, and a plugin that fails then does no harm until it has ended', async (t) => {
  const nowMs = Date.now();
  const minute = 60_000;
  const until = (minutes: number) => ({ token, expirationTimestamp: new Date(nowMs + minutes * minute).toISOString() });
  t.mock.timers.enable({ apis: ['Date'], now: nowMs });
  await withPlugin([until(20), until(40), 'fail', 'fail', until(60)], async ({ ask, runs }) => {
    await times(5, ask);
    t.mock.timers.setTime(nowMs + 18.9 * minute);
    await times(5, ask);
    assert.equal(await runs(), 1);
    t.mock.timers.setTime(nowMs + 19.1 * minute);
    await times(5, ask);
    assert.equal(await runs(), 2);
    t.mock.timers.setTime(nowMs + 39.5 * minute);
    await ask();
    assert.equal(await runs(), 3);
    t.mock.timers.setTime(nowMs + 40 * minute);
    await assert.rejects(ask(), { code: 'K8S_CREDENTIALS', message: /login: exit code 1/ });
    await ask();
    assert.equal(await runs(), 5);
  });
});

test('requests are made as whom the kubeconfig says, those that are switched to another protocol as well', async () => {
  const config = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as Record<string, unknown>;
  const extra = { 'example.com/scopes': ['a', 'b'] };
  const user = { token, as: 'Zo\u00eb', 'as-groups': ['one', 'two'], 'as-user-extra': extra };
  const file = join(folder, 'impersonating');
  const users = ['admin', 'nobody'].map((name) => ({ name, user }));
  await writeFile(file, JSON.stringify({ ...config, users }));
  const access = await findCluster({ env: {}, context: server.context, cluster: '', user: '', files: [file] });
  const signal = AbortSignal.timeout(60_000);
  const client = createClient(access, { signal, retryDeadlineMs: 0 });
  try {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await client.request({ method: 'POST', path, body: review, doing: 'Asking who we are' });
    assert.deepEqual(at(answer, 'status', 'userInfo'), {
      username: 'Zo\u00eb',
      groups: ['one', 'two', 'system:authenticated'],
      extra,
    });
    const exec = '/api/v1/namespaces/default/pods/none/exec?command=x&stdout=1';
    const opening = openSocket(client, { path: exec, protocol: 'v5.channel.k8s.io', doing: 'Opening', signal });
    await assert.rejects(opening, { code: 'K8S_FORBIDDEN', message: /"Zo\u00eb"/ });
  } finally {
    client.close();
  }
});

test('a client certificate of a plugin is renewed as a token is', async () => {
  const [own, other] = [certificate, await makeCertificate('CN=somebody,O=system:masters')];
  const status = ({ cert, key }: TestCertificate) => ({ clientCertificateData: cert, clientKeyData: key });
  await withPlugin([status(other), status(own)], async ({ client, runs }) => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await client.request({ method: 'POST', path, body: review, doing: 'Asking who we are' });
    assert.equal(textAt(answer, 'status', 'userInfo', 'username'), 'somebody');
    assert.equal(await runs(), 2);
  });
});
