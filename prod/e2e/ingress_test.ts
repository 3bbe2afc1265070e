import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { EchoClient } from '../../services/kit/testing/echo.ts';
import { issue, makeAuthority } from '../../services/kit/testing/pki.ts';
import { kubectl, testPerson } from '../../services/routeguide/e2e/cluster.ts';
import { readClusterState } from '../../tools/lib/state.ts';
import { eventually } from '../../tools/lib/testing/eventually.ts';
import { forward } from '../../tools/k8s/testing/kubectl_forward.ts';

// The backend is up, in the namespace of the test.
const { namespace, verb } = testPerson();
const BACKEND = 'ingress-backend';
const GRPC_HOST = `grpc.${namespace}.test`;
const HTTP_HOST = `http.${namespace}.test`;

/** What came of a request. */
interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

let ports: { readonly http: number; readonly https: number; close(): void };
let wasThere: boolean;
let folder: string;

const isThere = async () =>
  (await kubectl('get', 'deployment', 'traefik', '-n', 'ingress', '--ignore-not-found', '-o', 'name')) !== '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-ingress-'));
  wasThere = await isThere();
  const outcome = await verb('prod/ingress.apply');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  const state = await readClusterState('fathom');
  assert.ok(state);
  const forwarded = await forward({
    kubeconfig: state.kubeconfig,
    namespace: 'ingress',
    service: 'traefik',
    ports: new Map([
      [80, 8000],
      [443, 8443],
    ]),
  });
  const [http = 0, https = 0] = [forwarded.ports.get(80), forwarded.ports.get(443)];
  ports = { http, https, close: forwarded.close };
});

after(async () => {
  ports?.close();
  await rm(folder, { recursive: true, force: true });
  // Who had it before keeps it.
  if (wasThere) return;
  const outcome = await verb('prod/ingress.delete', '--yes');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  assert.equal(await isThere(), false);
});

/** GET at the forwarded port, or with `ca` by TLS. A connection each, as those that are kept know no new certificate. */
async function get(host: string, { path = '/readyz', ca }: { path?: string; ca?: string } = {}): Promise<Answer> {
  const options = { host: '127.0.0.1', path, headers: { host }, agent: false, timeout: 10_000 };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request =
      ca === undefined
        ? httpRequest({ ...options, port: ports.http })
        : httpsRequest({ ...options, port: ports.https, servername: host, ca });
    request
      .on('response', resolve)
      .on('error', reject)
      .on('timeout', () => request.destroy(new Error('timeout')));
    request.end();
  });
  return { status: response.statusCode, body: await text(response) };
}

/** Waits for an answer with that status: what is changed in the cluster is known to the controller a moment later. */
const answered = (status: number, ask: () => Promise<Answer>) =>
  eventually(`${status} is answered`, async () => {
    const answer = await ask();
    if (answer.status !== status) throw new Error(`${answer.status} ${answer.body}`);
    return answer;
  });

/** Calls the greeter through the controller. */
async function greet(client: EchoClient): Promise<string> {
  try {
    return await eventually('the greeter answers', async () => (await client.say('Ada')).text);
  } finally {
    client.close();
  }
}

test('answers a request to a port of the loopback by the service that its host name leads to', async () => {
  assert.deepEqual(await answered(200, () => get(HTTP_HOST)), { status: 200, body: 'ready\n' });
});

test('answers 404 to a host name that no Ingress has', async () => {
  assert.deepEqual(await get(`other.${namespace}.test`), { status: 404, body: '404 page not found\n' });
});

test('carries gRPC calls and streams to a Service that is said to speak HTTP/2', async () => {
  const options = { 'grpc.default_authority': GRPC_HOST };
  const target = `127.0.0.1:${ports.http}`;
  assert.equal(await greet(new EchoClient(target, credentials.createInsecure(), options)), 'Hello Ada');
  const client = new EchoClient(target, credentials.createInsecure(), options);
  const chat = client.chat({ deadline: Date.now() + 10_000 });
  const answers = chat[Symbol.asyncIterator]();
  // Each answer comes before the next word is sent: nothing on the way waits for more.
  for (const word of ['one', 'two']) {
    chat.write(word);
    assert.equal((await answers.next()).value, word);
  }
  chat.end();
  assert.equal((await answers.next()).done, true);
  client.close();
});

test('speaks TLS with the certificate of the Secret that the Ingress names', async () => {
  const authority = await makeAuthority('ingress test authority');
  // Of the hosts of both Ingresses.
  const files = await issue(authority, folder, 'tls', { commonName: `*.${namespace}.test` });
  const pair = [`--cert=${files.certFile}`, `--key=${files.keyFile}`];
  await kubectl('create', 'secret', 'tls', `${BACKEND}-tls`, '-n', namespace, ...pair);
  const answer = await answered(200, () => get(HTTP_HOST, { ca: authority.pem }));
  assert.equal(answer.body, 'ready\n');
  const greeting = await greet(
    new EchoClient(`127.0.0.1:${ports.https}`, credentials.createSsl(Buffer.from(authority.pem)), {
      'grpc.default_authority': GRPC_HOST,
      'grpc.ssl_target_name_override': GRPC_HOST,
    }),
  );
  assert.equal(greeting, 'Hello Ada');
});

test('answers 503 while the service has no pod that is ready, and 200 when it has one again', async () => {
  const scale = (replicas: number) =>
    kubectl('scale', '-n', namespace, `deployment/${BACKEND}`, `--replicas=${replicas}`);
  await scale(0);
  await answered(503, () => get(HTTP_HOST));
  await scale(1);
  await answered(200, () => get(HTTP_HOST));
});

test('answers 404 once the Ingress is deleted, and by the others all the same', async () => {
  await kubectl('delete', 'ingress', `${BACKEND}-http`, '-n', namespace);
  await answered(404, () => get(HTTP_HOST));
  const client = new EchoClient(`127.0.0.1:${ports.http}`, credentials.createInsecure(), {
    'grpc.default_authority': GRPC_HOST,
  });
  assert.equal(await greet(client), 'Hello Ada');
});
