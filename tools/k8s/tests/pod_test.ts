// A stack that is applied from inside of a cluster: as a service account, to the API server of the pod's environment.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { packPlan } from '../deploy/pack.ts';
import { createClient } from '../kube/client.ts';
import { findCluster } from '../kube/kubeconfig.ts';
import { podAccess } from '../kube/pod_access.ts';
import { type KubeObject, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap } from '../testing/objects.ts';
import { type TestStack, withPlan, withSession } from '../testing/stack.ts';
import { rbacVerb } from '../verbs/rbac.ts';

let server: ApiServer;
let folder: string;
before(async () => {
  server = await startApiServer();
  folder = await mkdtemp(join(tmpdir(), 'fathom-pod-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
const { applyStack, get, getMap, makeNamespace, post } = callsTo(() => server);

/** What the kubelet gives a pod of the service account `deployer`. */
async function accountOf(namespace: string): Promise<Pick<TestStack, 'accountFolder' | 'env'>> {
  await makeNamespace(namespace);
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await post(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace } });
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const token = textAt(await post(`${accounts}/deployer/token`, request), 'status', 'token') ?? '';
  const accountFolder = join(folder, namespace);
  await mkdir(accountFolder);
  await writeFile(join(accountFolder, 'token'), token);
  await writeFile(join(accountFolder, 'namespace'), namespace);
  await writeFile(join(accountFolder, 'ca.crt'), await readFile(join(server.folder, 'certs/apiserver.crt')));
  const { hostname, port } = new URL(server.client.access.server);
  return { accountFolder, env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port, FATHOM_USER: '' } };
}

const personalStack = (rest: Partial<TestStack>): TestStack => ({
  sets: [{ stack: 'x', namespace: 'myns-placeholder', objects: [configMap('a', 'myns-placeholder', { x: '1' })] }],
  ...rest,
});

/** Grants what `.rbac` prints for the service account, without the rules that `isLeftOut` names. */
async function grant(namespace: string, isLeftOut: (rule: string) => boolean = () => false): Promise<void> {
  const printed: string[] = [];
  const args = ['--subject', `serviceaccount:${namespace}/deployer`];
  const stack = personalStack({
    args,
    env: { FATHOM_USER: namespace },
    streams: { print: (text) => printed.push(text) },
  });
  await withSession(server, stack, ({ session }) => rbacVerb(session));
  const documents = parseAllDocuments(printed.join('\n'));
  assert.ok(Array.isArray(documents));
  for (const document of documents) {
    const object = document.toJS() as KubeObject & { readonly rules?: readonly unknown[] };
    const place = object.metadata.namespace === undefined ? '' : `/namespaces/${object.metadata.namespace}`;
    const rules = object.rules?.filter((rule) => !isLeftOut(JSON.stringify(rule)));
    const path = `/apis/rbac.authorization.k8s.io/v1${place}/${object.kind.toLowerCase()}s`;
    await post(path, rules === undefined ? object : { ...object, rules });
  }
}

test('a pod applies a personal stack to its own namespace, with just the rights that .rbac prints', async () => {
  const account = await accountOf('inside');
  await assert.rejects(applyStack(personalStack({ ...account, args: ['--in-cluster'] })), { code: 'K8S_FORBIDDEN' });
  await grant('inside');
  const stack = personalStack({ ...account, args: ['--in-cluster'], context: 'no kubeconfig has it' });
  assert.match((await applyStack(stack)).at(-1) ?? '', /1 created/);
  assert.deepEqual((await getMap('inside', 'a'))?.['data'], { x: '1' });
  const cluster = '/apis/rbac.authorization.k8s.io/v1/clusterroles/fathom-deploy-inside-x';
  assert.deepEqual((await get(cluster))?.['rules'], [
    { apiGroups: [''], resources: ['namespaces'], resourceNames: ['inside'], verbs: ['get'] },
  ]);
});

test('without one of the rules it ends with what is missing, in the words of RBAC', async () => {
  const account = await accountOf('less');
  await grant('less', (rule) => rule.includes('configmaps') && rule.includes('create'));
  await assert.rejects(applyStack(personalStack({ ...account, args: ['--in-cluster'] })), {
    code: 'K8S_FORBIDDEN',
    message:
      /User "system:serviceaccount:less:deployer" cannot create resource "configmaps" in API group "" in the namespace "less"/,
  });
});

test('outside of a pod, and in one without a service account, it says what is missing', async () => {
  await assert.rejects(applyStack(personalStack({ args: ['--in-cluster'] })), {
    code: 'K8S_NO_POD',
    message: /KUBERNETES_SERVICE_HOST/,
  });
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  await assert.rejects(applyStack(personalStack({ args: ['--in-cluster'], accountFolder: folder, env })), {
    code: 'K8S_NO_POD',
    message: /service account is not there: .*ENOENT/,
    hint: /automountServiceAccountToken/,
  });
});

test('writes the address of IPv6 as an address', async () => {
  const { accountFolder = '' } = await accountOf('six');
  const access = await podAccess(
    { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' },
    accountFolder,
  );
  assert.equal(access.server, 'https://[fd00::1]:6443');
});

test('reads a token that is in a file again, as it is renewed while a run waits', async () => {
  const { accountFolder = '', env = {} } = await accountOf('renewed');
  const access = await podAccess(env, accountFolder);
  const client = createClient(access, { signal: AbortSignal.timeout(60_000), tokenFileMs: 0 });
  try {
    const list = () => client.request({ method: 'GET', path: '/api/v1/configmaps', doing: 'Listing' });
    await assert.rejects(list(), { code: 'K8S_FORBIDDEN' });
    const search = { env: {}, cluster: '', user: '', files: [server.kubeconfig] };
    const { credentials } = await findCluster({ ...search, context: server.context });
    assert.ok(credentials.kind === 'token');
    await writeFile(join(accountFolder, 'token'), credentials.token);
    await list();
  } finally {
    client.close();
  }
});

const DIGEST = `sha256:${'1'.repeat(64)}`;

test('objects that call different images by one name, or push one to two places, each get their own', async () => {
  const own = [
    { repository: 'x', image: 'one.json' },
    { repository: 'x', image: 'two.json' },
    { repository: 'team/x', image: 'two.json' },
  ];
  const sets = own.map((one, index) => {
    const name = `o${index}`;
    const images = [{ ref: 'x', registry: 'registry.test', ...one }];
    return { stack: name, namespace: 'n', objects: [configMap(name, 'n', { image: 'x' })], images };
  });
  const digests = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);
  await withPlan(server, { sets }, async ({ input, folder: files }) => {
    for (const [index, name] of ['one.json', 'two.json'].entries()) {
      const blob = { mediaType: 'a/b', digest: digests[index], size: 1, path: 'm' };
      const image = { version: 1, repository: 'x', manifest: blob, config: blob, layers: [] };
      await writeFile(join(files, name), JSON.stringify(image));
    }
    const packed = await packPlan(input, (path) => join(files, path));
    const [first, second] = digests;
    assert.deepEqual(
      packed.sets.flatMap(({ objects }) => objects).map((one) => typeof one !== 'string' && one.objects[0]?.['data']),
      [`x@${first}`, `x@${second}`, `team/x@${second}`].map((image) => ({ image: `registry.test/${image}` })),
    );
  });
});

test('a packed stack has its objects in it, digests in place of images, and nothing of the machine', async () => {
  const ref = 'registry.test/x';
  const blob = (name: string) => ({ mediaType: 'a/b', digest: DIGEST, size: 1, path: name });
  const image = { version: 1, repository: 'x', manifest: blob('m'), config: blob('c'), layers: [] };
  const images = [{ ref, registry: 'registry.test', repository: 'x', image: 'image.json' }];
  const objects = [configMap('a', 'n', { image: ref, other: `${ref}:v1` })];
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'n', objects, images }] };
  await withPlan(server, stack, async ({ input, folder: files }) => {
    await writeFile(join(files, 'image.json'), JSON.stringify(image));
    const packed = await packPlan(input, (path) => join(files, path));
    const [object] = packed.sets[0]?.objects ?? [];
    assert.ok(object !== undefined && typeof object !== 'string');
    assert.deepEqual(object.objects[0]?.['data'], { image: `${ref}@${DIGEST}`, other: `${ref}:v1` });
    assert.deepEqual([object.images, object.connection.kubeconfig], [[], '']);
    assert.ok(!JSON.stringify(packed).includes(files));
    assert.deepEqual(await packPlan(packed, (path) => path), packed, 'it needs no other file');
    await assert.rejects(
      packPlan(input, (path) => path),
      { code: 'K8S_PLAN_UNREADABLE' },
    );
  });
});
