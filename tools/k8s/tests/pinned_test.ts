// Pinned images must be in the registry before anything is applied: a real registry and a real API server.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { type OciImage, pushImages } from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { type RealRegistry, startRealRegistry } from '../../oci/testing/real_registry.ts';
import { type ScratchFolder, layeredImage, scratchFolder } from '../../oci/testing/sample_image.ts';
import type { PinnedImage } from '../model/plan_input.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { configMap } from '../testing/objects.ts';
import { withSession } from '../testing/stack.ts';
import { applyVerb } from '../verbs/apply.ts';
import { deleteVerb } from '../verbs/delete.ts';

const COMMIT = 'c'.repeat(40);
const GONE = `sha256:${'1'.repeat(64)}`;

let server: ApiServer;
let scratch: ScratchFolder;
let registry: RealRegistry;
let image: OciImage;
before(async () => {
  scratch = await scratchFolder();
  server = await startApiServer();
  registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), scratch.path);
  image = await layeredImage(scratch.path, 'x', [Buffer.from('x')]);
  const options = { endpoint: registry.endpoint, plainHttp: true, log: createLog(() => undefined) };
  await pushImages([{ image, repository: 'services/x' }], { ...options, signal: AbortSignal.timeout(60_000) });
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
  await server.stop();
});

/** Applies a stack with a pinned image; what it logged. */
async function apply(
  digest: string,
  { endpoint = registry.endpoint, name = 'registry.test' } = {},
): Promise<readonly string[]> {
  await mkdir(join(scratch.path, 'fathom'), { recursive: true });
  const own = { reference: 'registry.test', endpoint, plainHttp: true };
  const state = { version: 1, name: 'fathom', provider: 'embedded', kubeconfig: server.kubeconfig, registry: own };
  await writeFile(join(scratch.path, 'fathom/cluster.json'), JSON.stringify(state));
  const pin: PinnedImage = {
    ...{ registry: name, repository: 'services/x', digest, commit: COMMIT },
    ...{ environment: 'prod', file: 'services/x/pins.json' },
  };
  const objects = [configMap('pinned', 'default', { image: `${name}/services/x@${digest}` })];
  const sets = [{ stack: 'pinned', namespace: 'default', objects, pinned: [pin] }];
  const stack = { sets, cluster: 'fathom', env: { FATHOM_STATE: scratch.path } };
  return withSession(server, stack, async ({ session, lines }) => {
    await applyVerb(session, 'apply');
    await deleteVerb(session);
    return lines;
  });
}

async function assertNotApplied(): Promise<void> {
  const path = '/api/v1/namespaces/default/configmaps/pinned';
  await assert.rejects(server.client.request({ method: 'GET', path, doing: 'Reading' }), { code: 'K8S_NOT_FOUND' });
}

test('applies a stack whose pinned image the registry has', async () => {
  assert.doesNotMatch((await apply(image.manifest.digest)).join('\n'), /not known/);
});

test('refuses a pin to an image that is gone, naming its commit and what restores it, and applies nothing', async () => {
  await assert.rejects(apply(GONE), {
    code: 'K8S_PIN_GONE',
    message: new RegExp(
      `registry\\.test/services/x@${GONE}, pinned for 'prod' in services/x/pins\\.json.*commit ${COMMIT}`,
    ),
    hint: /bazel run \/\/services\/x:restore -- --env=prod/,
  });
  await assertNotApplied();
});

test('says that the registry of the cluster is down, and applies nothing', async () => {
  await assert.rejects(apply(image.manifest.digest, { endpoint: '127.0.0.1:9' }), {
    code: 'K8S_REGISTRY_DOWN',
    hint: /\.\/fathom up/,
  });
  await assertNotApplied();
});

test('warns where another registry cannot be asked, which the nodes may reach', async () => {
  const lines = await apply(GONE, { name: '127.0.0.1:9' });
  assert.match(lines.join('\n'), /127\.0\.0\.1:9.*whether the pinned images are there is not known/);
});
