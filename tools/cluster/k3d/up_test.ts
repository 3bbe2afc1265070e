// What `up` writes and records: the programs are the test's own, the API server that their kubeconfig leads to is real.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { parse, stringify } from 'yaml';
import { createLog } from '../../lib/log.ts';
import { clusterFolder, readClusterState } from '../../lib/state.ts';
import { findCluster } from '../../k8s/kube/kubeconfig.ts';
import { type ApiServer, startApiServer } from '../../k8s/testing/apiserver.ts';
import { downK3d } from './down.ts';
import { k3dSettings } from './settings.ts';
import { FakePrograms } from './testing/fake_programs.ts';
import { upK3d, type UpK3dOptions } from './up.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

async function setUp(context: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'fathom-k3d-up-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  const tar = join(root, 'registry.tar');
  await writeFile(tar, 'an image');
  const fakes = new FakePrograms(root);
  const state = join(root, 'state');
  const folder = clusterFolder('fathom', { FATHOM_STATE: state });
  // As k3d gives it: YAML, with names of its own.
  const { clusters, users } = parse(await readFile(server.kubeconfig, 'utf8')) as Record<
    string,
    [Record<string, object>]
  >;
  const kubeconfig = stringify({
    apiVersion: 'v1',
    clusters: [{ ...clusters?.[0], name: 'k3d-fathom' }],
    contexts: [{ name: 'k3d-fathom', context: { cluster: 'k3d-fathom', user: 'admin@k3d-fathom' } }],
    'current-context': 'k3d-fathom',
    users: [{ ...users?.[0], name: 'admin@k3d-fathom' }],
  });
  const log = createLog(() => undefined);
  const run = {
    env: { ...fakes.env, KUBECONFIG_TEXT: kubeconfig },
    log,
    signal: AbortSignal.timeout(100_000),
    pollMs: 10,
  };
  const up = (changed: Partial<UpK3dOptions> = {}) =>
    upK3d({ name: 'fathom', folder, registry: 'registry.fathom.internal', tar, ...run, ...changed });
  return { fakes, state, folder, run, up };
}

test('records how tools reach the cluster and its registry, then takes all of it away', async (context) => {
  const { fakes, state, folder, run, up } = await setUp(context);
  const { kubeconfig, endpoint } = await up();
  assert.equal(endpoint, '127.0.0.1:30500');
  assert.deepEqual(await readClusterState('fathom', { FATHOM_STATE: state }), {
    version: 1,
    name: 'fathom',
    provider: 'k3d',
    kubeconfig,
    registry: { reference: 'registry.fathom.internal', endpoint, plainHttp: true },
  });
  assert.equal((await stat(kubeconfig)).mode & 0o777, 0o600);
  const own = { context: 'fathom-fathom', cluster: 'fathom', user: '', files: [] };
  const access = await findCluster({ env: { FATHOM_STATE: state, HOME: '/nowhere' }, ...own });
  assert.deepEqual(
    [access.server, access.credentials],
    [server.client.access.server, server.client.access.credentials],
  );
  assert.deepEqual((await readdir(folder)).sort(), [
    '.fathom-cluster',
    'cluster.json',
    'k3d.yaml',
    'kubeconfig',
    'registries.yaml',
  ]);
  fakes.takeCalls();
  await up();
  assert.deepEqual(fakes.takeChanges(), []);
  await downK3d(k3dSettings({ name: 'fathom', registry: 'r' }), folder, run);
  await assert.rejects(stat(folder), { code: 'ENOENT' });
  assert.deepEqual([fakes.world.cluster, fakes.world.network], [false, '']);
});

test('keeps its number of nodes, and is not made anew without being asked', async (context) => {
  const { fakes, folder, up } = await setUp(context);
  await up();
  fakes.takeCalls();
  await assert.rejects(up({ nodes: 3 }), {
    code: 'K3D_CHANGED',
    hint: /^Run `.\/fathom down --provider=k3d`, which deletes it with all that is in it/,
  });
  assert.deepEqual(fakes.takeChanges(), []);
  // As if it had been made with three.
  const config = join(folder, 'k3d.yaml');
  await writeFile(config, (await readFile(config, 'utf8')).replace('agents: 0', 'agents: 2'));
  await assert.rejects(up({ nodes: 1 }), { code: 'K3D_CHANGED' });
  await up();
  assert.match(fakes.takeCalls().join(''), /wait .* node\/k3d-fathom-agent-1 /);
});

test('leaves nothing behind where Docker does not run', async (context) => {
  const { fakes, folder, up } = await setUp(context);
  fakes.change({ faults: { 'docker info': { code: 1, says: 'Cannot connect' } } });
  await assert.rejects(up(), { code: 'CLUSTER_NOT_READY', hint: /^Start Docker/ });
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('does not take a folder that holds something else', async (context) => {
  const { fakes, folder, run, up } = await setUp(context);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'letter.txt'), 'dear');
  await assert.rejects(up(), { code: 'CLUSTER_FOLDER_FOREIGN' });
  await assert.rejects(downK3d(k3dSettings({ name: 'fathom', registry: 'r' }), folder, run), {
    code: 'CLUSTER_FOLDER_FOREIGN',
  });
  assert.deepEqual(fakes.takeChanges(), []);
});
