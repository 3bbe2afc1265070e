// Clusters that others run: what is looked at, what is said, what is recorded; against a real API server and registry.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { clusterFolder, readClusterState } from '../../lib/state.ts';
import { findCluster } from '../../k8s/kube/kubeconfig.ts';
import { type ApiServer, startApiServer } from '../../k8s/testing/apiserver.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import {
  HTPASSWD,
  startRealRegistry,
  USER,
  type RealRegistry,
  type RegistryAuth,
} from '../../oci/testing/real_registry.ts';
import { downExisting } from './down.ts';
import { registryState } from './registry_state.ts';
import { checkExisting, upExisting } from './up.ts';

let server: ApiServer;
let registry: RealRegistry;
let scratch: string;

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'fathom-existing-'));
  server = await startApiServer();
  registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), scratch);
});
after(async () => {
  await server.stop();
  await registry[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

const at = (endpoint: string) => registryState('registry.example.com', `http://${endpoint}`);

async function setUp(context: TestContext) {
  const state = await mkdtemp(join(tmpdir(), 'fathom-existing-state-'));
  context.after(() => rm(state, { recursive: true, force: true }));
  const folder = clusterFolder('fathom', { FATHOM_STATE: state });
  const said: string[] = [];
  const common = {
    name: 'fathom',
    folder,
    log: createLog((line) => said.push(line.trim())),
    signal: AbortSignal.timeout(60_000),
  };
  const up = (changed: Partial<Parameters<typeof upExisting>[0]> = {}) =>
    upExisting({
      ...common,
      context: server.context,
      kubeconfig: server.kubeconfig,
      registry: at(registry.endpoint),
      env: {},
      ...changed,
    });
  return { up, common, folder, state, said };
}

const fails = (work: Promise<unknown>): Promise<ToolError> =>
  work.then(
    () => assert.fail('it succeeds'),
    (error: unknown) => error as ToolError,
  );

const create = (path: string, body: object) =>
  server.client.request({ method: 'POST', path, body, doing: 'Creating a test object' });
const remove = (path: string) => server.client.request({ method: 'DELETE', path, doing: 'Deleting a test object' });

test('records a cluster that has everything, and forgets it without touching it', async (context) => {
  const classes = '/apis/storage.k8s.io/v1/storageclasses';
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const storage = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'x.example/y' };
  await create(classes, { ...storage, metadata: { name: 'slow' } });
  await create(classes, { ...storage, metadata: { name: 'fast', annotations } });
  const { up, common, folder, state, said } = await setUp(context);
  const result = await up();
  const { server: url } = server.client.access;
  assert.match(said[0] ?? '', new RegExp(`^API server: ${url}, Kubernetes v1\\.\\d+\\.\\d+$`));
  assert.deepEqual(said.slice(1), [
    'rights in all namespaces: all that stacks take',
    'rights in the whole cluster: namespaces and kinds',
    'default StorageClass: fast',
    `registry: registry.example.com, reached at http://${registry.endpoint}, answers`,
  ]);
  assert.deepEqual(await readClusterState('fathom', { FATHOM_STATE: state }), {
    version: 1,
    name: 'fathom',
    provider: 'existing',
    kubeconfig: result.kubeconfig,
    registry: { reference: 'registry.example.com', endpoint: registry.endpoint, plainHttp: true },
  });
  assert.equal((await stat(result.kubeconfig)).mode & 0o777, 0o600);
  // As verbs do: by the context of our name.
  const own = { context: 'fathom-fathom', cluster: 'fathom', user: '', files: [] };
  const access = await findCluster({ env: { FATHOM_STATE: state, HOME: '/nowhere' }, ...own });
  assert.equal(access.server, url);
  assert.deepEqual(access.credentials, server.client.access.credentials);
  said.length = 0;
  await checkExisting(common);
  assert.equal(said.length, 5);
  assert.equal(await downExisting(folder), true);
  assert.deepEqual(await readdir(dirname(folder)).catch(() => []), []);
  assert.equal(await downExisting(folder), false);
  await server.client.request({ method: 'GET', path: `${classes}/fast`, doing: 'Looking at what was there' });
  await remove(`${classes}/fast`);
  await remove(`${classes}/slow`);
});

test('says where there is no default StorageClass, which is nothing to stop for', async (context) => {
  const { up, said } = await setUp(context);
  await up();
  assert.match(
    said.join('\n'),
    /^warning: default StorageClass: there is no StorageClass at all: install one, and make one the default: kubectl patch/m,
  );
  const path = '/apis/storage.k8s.io/v1/storageclasses';
  await create(path, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'slow' },
    provisioner: 'x.example/y',
  });
  said.length = 0;
  await up();
  assert.match(said.join('\n'), /^warning: default StorageClass: none of slow is it: make one the default/m);
  await remove(`${path}/slow`);
});

test('announces the registry where nobody has, and leaves what is there', async (context) => {
  const path = '/api/v1/namespaces/kube-public/configmaps/local-registry-hosting';
  const { up, said } = await setUp(context);
  await remove(path).catch(() => undefined);
  const read = async () =>
    ((await server.client.request({ method: 'GET', path, doing: 'Reading' })) as { data: Record<string, string> }).data;
  await up();
  const announced = `host: "${registry.endpoint}"\nhostFromContainerRuntime: "registry.example.com"\n`;
  assert.deepEqual(await read(), { 'localRegistryHosting.v1': announced });
  await remove(path);
  const others = { 'localRegistryHosting.v1': 'host: "localhost:5001"\n' };
  await create(dirname(path), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'local-registry-hosting' },
    data: others,
  });
  await up();
  assert.deepEqual(await read(), others);
  assert.doesNotMatch(said.join('\n'), /local-registry-hosting/);
});

test('says which rights are missing, and records nothing', async (context) => {
  const { up, said, folder } = await setUp(context);
  const error = await fails(up({ context: 'nobody' }));
  assert.equal(
    `${error.code}: ${error.message}`,
    "CLUSTER_LACKS: Taking context 'nobody' as cluster fathom: not as needed: rights in all namespaces",
  );
  const text = said.join('\n');
  assert.match(
    text,
    /^warning: rights in all namespaces: may not create, delete, get, list, patch configmaps, .*, deployments\.apps, .*; create, delete, get, update leases\.coordination\.k8s\.io; list events, pods; get pods\/log\. Ask for them/m,
  );
  assert.match(
    text,
    /a context of somebody who has them than 'nobody', or say in which namespace you have them: --namespace/,
  );
  assert.match(
    text,
    /^warning: rights in the whole cluster: may not create, get, list, patch namespaces, customresourcedefinitions\.apiextensions\.k8s\.io\. Let somebody who may run `bazel run \/\/prod:kinds\.apply/m,
  );
  assert.match(text, /^warning: default StorageClass: may not be looked at/m);
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('takes rights in one namespace for enough, if that is the one', async (context) => {
  const namespace = 'team';
  const rbac = 'rbac.authorization.k8s.io';
  const grant = async (name: string, apiGroups: readonly string[]) => {
    const common = { apiVersion: `${rbac}/v1`, metadata: { name } };
    const path = `/apis/${rbac}/v1/namespaces/${namespace}`;
    const rules = [{ apiGroups, resources: ['*'], verbs: ['*'] }];
    await create(`${path}/roles`, { ...common, kind: 'Role', rules });
    await create(`${path}/rolebindings`, {
      ...common,
      kind: 'RoleBinding',
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'nobody' }],
    });
  };
  await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await grant('most', ['', 'apps', 'batch', 'networking.k8s.io', 'policy']);
  const { up, said, common } = await setUp(context);
  const error = await fails(up({ context: 'nobody', namespace }));
  assert.equal(error.code, 'CLUSTER_LACKS');
  assert.match(
    said.join('\n'),
    /rights in namespace team: may not create, delete, get, update leases\.coordination\.k8s\.io\. Ask/,
  );
  await grant('leases', ['coordination.k8s.io']);
  said.length = 0;
  await up({ context: 'nobody', namespace });
  assert.match(said.join('\n'), /^rights in namespace team: all that stacks take$/m);
  assert.match(said.join('\n'), /^warning: kube-public\/local-registry-hosting may not be looked at: /m);
  await assert.rejects(checkExisting(common), { code: 'CLUSTER_LACKS' });
  await checkExisting({ ...common, namespace });
});

test('says what is wrong with the registry: not there, no login, a wrong login', async (context) => {
  const { up, said } = await setUp(context);
  const gone = await fails(up({ registry: at('127.0.0.1:1') }));
  assert.equal(gone.message, `Taking context 'fathom-test' as cluster fathom: not as needed: registry`);
  assert.match(
    said.join('\n'),
    /^warning: registry: registry.example.com, reached at http:\/\/127.0.0.1:1: .*ECONNREFUSED/m,
  );
  const auth: RegistryAuth = { htpasswd: HTPASSWD };
  await using closed = await startRealRegistry(peerPath('OCI_REGISTRY_3'), scratch, { auth });
  const docker = join(scratch, 'docker');
  const login = async (password: string) => {
    const auths = { [closed.endpoint]: { auth: Buffer.from(`${USER.username}:${password}`).toString('base64') } };
    await writeFile(join(docker, 'config.json'), JSON.stringify({ auths }));
  };
  await mkdir(docker);
  process.env['DOCKER_CONFIG'] = docker;
  context.after(() => delete process.env['DOCKER_CONFIG']);
  for (const [password, hint] of [
    [undefined, 'there is no login for it\\. Run `docker login'],
    ['a-wrong-Password', '401 UNAUTHORIZED .* the login that was found is not taken'],
  ] as const) {
    if (password !== undefined) await login(password);
    said.length = 0;
    await fails(up({ registry: at(closed.endpoint) }));
    assert.match(said.join('\n'), new RegExp(`^warning: registry: .*${closed.endpoint}: .*${hint}`, 'm'));
    assert.doesNotMatch(said.join('\n'), /a-wrong-Password|YWxpY2U6/);
  }
  await login(USER.password);
  await up({ registry: at(closed.endpoint) });
});

test('says which context there is none of, and where nothing answers', async (context) => {
  const { up } = await setUp(context);
  const unknown = await fails(up({ context: 'prod-eu' }));
  assert.equal(
    `${unknown.code}: ${unknown.message}`,
    `CLUSTER_CONTEXT: Choosing a cluster: no context 'prod-eu' in ${server.kubeconfig}`,
  );
  assert.match(unknown.hint ?? '', /kubectl config get-contexts/);
  const dead = join(scratch, 'dead');
  const text = await readFile(server.kubeconfig, 'utf8');
  await writeFile(dead, text.replace(/https:\/\/127.0.0.1:\d+/, 'https://127.0.0.1:1'));
  const silent = await fails(up({ kubeconfig: dead }));
  assert.match(silent.message, /https:\/\/127\.0\.0\.1:1 .*ECONNREFUSED/);
  const wrong = join(scratch, 'wrong');
  await writeFile(wrong, text.replaceAll(/"token":"[0-9a-f]+"/g, '"token":"nope"'));
  assert.equal((await fails(up({ kubeconfig: wrong }))).code, 'K8S_UNAUTHORIZED');
});

test('reads where the registry is', () => {
  const reference = 'registry.example.com';
  assert.deepEqual(registryState(reference), { reference, endpoint: reference, plainHttp: false });
  assert.deepEqual(registryState(reference, 'http://10.0.0.1:5000/'), {
    reference,
    endpoint: '10.0.0.1:5000',
    plainHttp: true,
  });
  assert.deepEqual(registryState(reference, 'https://mirror:443'), {
    reference,
    endpoint: 'mirror:443',
    plainHttp: false,
  });
  assert.deepEqual(registryState('docker.io'), {
    reference: 'docker.io',
    endpoint: 'registry-1.docker.io',
    plainHttp: false,
  });
  for (const [name, endpoint] of [
    ['registry.example.com/team', undefined],
    ['', undefined],
    [reference, 'ftp://x'],
    [reference, 'http://'],
  ] as const) {
    assert.throws(() => registryState(name, endpoint), { code: 'CLUSTER_REGISTRY' });
  }
});
