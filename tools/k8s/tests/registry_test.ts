// What verbs ask a cluster's registry, and what they say where there is none, against a real API server.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { configMap } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { applyVerb } from '../verbs/apply.ts';
import { deleteVerb } from '../verbs/delete.ts';
import { diffVerb } from '../verbs/diff.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const IMAGE = {
  version: 1,
  repository: 'services/x',
  manifest: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${'1'.repeat(64)}`,
    size: 2,
    path: 'm',
  },
  config: {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: `sha256:${'2'.repeat(64)}`,
    size: 2,
    path: 'c',
  },
  layers: [],
};

async function withImage(
  registry: { readonly endpoint: string } | undefined,
  use: (stack: TestStack) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-image-'));
  try {
    const image = join(folder, 'image.json');
    await writeFile(image, JSON.stringify(IMAGE));
    await mkdir(join(folder, 'fathom'));
    const state = {
      version: 1,
      name: 'fathom',
      provider: 'embedded',
      kubeconfig: server.kubeconfig,
      ...(registry === undefined ? {} : { registry: { reference: 'registry.test', plainHttp: true, ...registry } }),
    };
    await writeFile(join(folder, 'fathom/cluster.json'), JSON.stringify(state));
    const ref = 'registry.test/services/x';
    const images = [{ ref, registry: 'registry.test', repository: 'services/x', image: `../../${image}` }];
    const sets = [
      { stack: 'bad', namespace: 'default', objects: [configMap('good', 'default', { image: ref })], images },
    ];
    await use({ sets, cluster: 'fathom', env: { FATHOM_STATE: folder } });
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('pushes nothing in a dry run', () =>
  withImage({ endpoint: '127.0.0.1:9' }, async (stack) => {
    const printed: string[] = [];
    const streams = { print: (line: string) => void printed.push(line) };
    await withSession(server, { ...stack, args: ['--dry-run'], streams }, ({ session }) => applyVerb(session, 'apply'));
    assert.deepEqual(printed, ['+ ConfigMap default/good', 'fathom: 1 differences']);
  }));

test('applies nothing when the registry is down', () =>
  withImage({ endpoint: '127.0.0.1:9' }, async (stack) => {
    await assert.rejects(
      withSession(server, stack, ({ session }) => applyVerb(session, 'apply')),
      {
        code: 'K8S_REGISTRY_DOWN',
        message: /127\.0\.0\.1:9/,
        hint: /fathom up.*\/\/prod:registry\.status.*\/\/prod:registry\.apply/,
      },
    );
    const path = '/api/v1/namespaces/default/configmaps/good';
    await assert.rejects(server.client.request({ method: 'GET', path, doing: 'Reading' }), { code: 'K8S_NOT_FOUND' });
  }));

test('says that a cluster has no registry yet', () =>
  withImage(undefined, async (stack) => {
    await assert.rejects(
      withSession(server, stack, ({ session }) => applyVerb(session, 'apply')),
      {
        code: 'K8S_REGISTRY_UNKNOWN',
      },
    );
  }));

test('diff and delete ask no registry; apply asks a registry that has all only with HEAD', async () => {
  const methods: string[] = [];
  const registry = createServer((request, response) => {
    methods.push(request.method ?? '');
    response.setHeader('docker-content-digest', IMAGE.manifest.digest);
    response.end();
  });
  await new Promise<void>((done) => registry.listen(0, '127.0.0.1', done));
  const { port } = registry.address() as { port: number };
  try {
    await withImage({ endpoint: `127.0.0.1:${port}` }, async (stack) => {
      const lines: string[] = [];
      const print = (line: string) => void lines.push(line);
      assert.equal(await withSession(server, stack, ({ session }) => diffVerb(async () => session, print)), 1);
      assert.deepEqual(lines, ['+ ConfigMap default/good', 'fathom: 1 differences']);
      assert.deepEqual(methods, []);
      await withSession(server, stack, ({ session }) => applyVerb(session, 'apply'));
      assert.deepEqual(new Set(methods), new Set(['HEAD']));
      const path = '/api/v1/namespaces/default/configmaps/good';
      const live = (await server.client.request({ method: 'GET', path, doing: 'Reading' })) as KubeObject;
      assert.deepEqual(live['data'], { image: `registry.test/services/x@${IMAGE.manifest.digest}` });
      const sent = methods.length;
      await withSession(server, stack, ({ session }) => deleteVerb(session));
      assert.equal(methods.length, sent);
    });
  } finally {
    registry.closeAllConnections();
    await new Promise((done) => registry.close(done));
  }
});
