// The remote cache on a cluster: who may read and write, and that it outlives its pod.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { kubectl, person } from '../../services/routeguide/e2e/cluster.ts';
import { readClusterState } from '../../tools/lib/state.ts';
import { eventually } from '../../tools/lib/testing/eventually.ts';
import { type Forwarded, forward } from '../../tools/k8s/testing/kubectl_forward.ts';

const NAMESPACE = 'bazel-cache';
const { verb } = person('bazel-cache');

let forwarded: Forwarded | undefined;
let wasThere: boolean;

const isThere = async () =>
  (await kubectl('get', 'deployment', NAMESPACE, '-n', NAMESPACE, '--ignore-not-found', '-o', 'name')) !== '';

before(async () => {
  wasThere = await isThere();
  const outcome = await verb('prod/bazel_cache.apply', '--yes');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  await connect();
});

after(async () => {
  forwarded?.close();
  // Who had it before keeps it.
  if (wasThere) return;
  const outcome = await verb('prod/bazel_cache.delete', '--yes', '--prune-data');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  assert.equal(await isThere(), false);
});

/** Leads a port of this machine to the pod that there is now. */
async function connect(): Promise<void> {
  forwarded?.close();
  const state = await readClusterState('fathom');
  assert.ok(state);
  const ports = new Map([[8000, 8000]]);
  forwarded = await forward({ kubeconfig: state.kubeconfig, namespace: NAMESPACE, service: NAMESPACE, ports });
}

/** The login of a user, as docs/ci.md reads it. */
async function login(user: 'reader' | 'writer'): Promise<string> {
  const data = await kubectl('get', 'secret', NAMESPACE, '-n', NAMESPACE, '-o', `jsonpath={.data.${user}}`);
  const password = Buffer.from(data, 'base64').toString();
  assert.ok(password.length > 20);
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function ask(
  method: string,
  path: string,
  { authorization, body }: { authorization?: string; body?: Uint8Array<ArrayBuffer> } = {},
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const response = await fetch(`http://127.0.0.1:${forwarded?.ports.get(8000)}${path}`, {
    method,
    headers: { connection: 'close', ...(authorization === undefined ? {} : { authorization }) },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
}

test('keeps what a writer puts, for a reader as well, and after its pod has ended', async () => {
  const body = new Uint8Array(randomBytes(1 << 20));
  const path = `/cas/${createHash('sha256').update(body).digest('hex')}`;
  const [writer, reader] = [await login('writer'), await login('reader')];
  assert.equal((await ask('PUT', path, { body })).status, 401);
  assert.equal((await ask('PUT', path, { body, authorization: reader })).status, 403);
  assert.equal((await ask('GET', path, { authorization: reader })).status, 404);
  assert.equal((await ask('PUT', path, { body, authorization: writer })).status, 200);
  assert.ok((await ask('GET', path, { authorization: reader })).body.equals(body));

  await kubectl('delete', 'pod', '-n', NAMESPACE, '-l', `app.kubernetes.io/name=${NAMESPACE}`, '--wait=true');
  await kubectl('rollout', 'status', `deployment/${NAMESPACE}`, '-n', NAMESPACE, '--timeout=120s');
  await connect();
  const found = await eventually('the new pod answers', async () => {
    const { status, body: bytes } = await ask('GET', path, { authorization: reader });
    return status === 200 ? bytes : undefined;
  });
  assert.ok(found.equals(body));
});

test('applied again, has the same passwords and changes nothing', async () => {
  const before = await login('writer');
  const outcome = await verb('prod/bazel_cache.apply', '--yes');
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  assert.equal(await login('writer'), before);
});
