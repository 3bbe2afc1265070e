// A fresh registry can serve prod: what was released and promoted is built again of its commit, and prod comes up on it.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { endNested, nestedBazel } from '../../../tools/ci/nested/nested_bazel.ts';
import { copySources } from '../../../tools/ci/reproducible/builds.ts';
import { gitIn } from '../../../tools/lib/git.ts';
import { readClusterState } from '../../../tools/lib/state.ts';
import { eventually, kubectl, logOf } from './cluster.ts';

// Edits a copy of the checkout, so it runs outside Bazel's sandbox: `./fathom test` starts it with `bazel run`.
const folder = await mkdtemp(join(tmpdir(), 'fathom-restore-e2e-'));
const checkout = join(folder, 'src');
const env = { ...process.env, GIT_CONFIG_GLOBAL: join(folder, 'gitconfig') };
const bazel = nestedBazel({ folder, isShared: true, workspace: checkout, env });
const git = gitIn(checkout, { env });

const SERVICES = ['redis', 'routeguide/client', 'routeguide/server'];
const SERVER = 'services/routeguide/server';
const APPLY = ['run', '//services/routeguide/client:prod-deep.apply'];

before(async () => {
  await writeFile(env.GIT_CONFIG_GLOBAL, '[user]\n\tname = Test\n\temail = test@test.test\n');
  await copySources(process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '', checkout, AbortSignal.timeout(60_000));
  await git('init', '--quiet', '--initial-branch=main');
  for (const service of SERVICES) await writeFile(join(checkout, 'services', service, 'pins.json'), '{}\n');
  // An image that no node has yet.
  await rename(`Restored ${process.pid}`);
  await commit('what is released');
});
after(async () => {
  await bazel('run', '//services/routeguide/client:prod-deep.delete').catch(() => undefined);
  await endNested(folder, bazel);
});

async function commit(subject: string): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', subject);
}

/** Changes what the server calls its features. */
async function rename(prefix: string): Promise<void> {
  const source = join(checkout, SERVER, 'routeguide.ts');
  const text = await readFile(source, 'utf8');
  const changed = text.replace(/name: (feature\.name\b|`[^`]*`)/, `name: \`${prefix} \${feature.name}\``);
  assert.notEqual(changed, text, 'the line to change is in routeguide.ts');
  await writeFile(source, changed);
}

async function pinnedDigest(): Promise<string> {
  const pins = JSON.parse(await readFile(join(checkout, SERVER, 'pins.json'), 'utf8'));
  return pins.prod[`registry.fathom.internal/${SERVER}`].digest;
}

/** Deletes all that the cluster's registry has of the services. */
async function emptyRegistry(): Promise<void> {
  const endpoint = (await readClusterState('fathom'))?.registry?.endpoint;
  for (const service of SERVICES) {
    const repository = `services/${service}`;
    const pins = JSON.parse(await readFile(join(checkout, repository, 'pins.json'), 'utf8'));
    const { digest } = pins.prod[`registry.fathom.internal/${repository}`];
    const manifest = `http://${endpoint}/v2/${repository}/manifests/${digest}`;
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    const response = await fetch(manifest, { headers: { accept } });
    const { layers, config } = (await response.json()) as { layers: { digest: string }[]; config: { digest: string } };
    assert.equal((await fetch(manifest, { method: 'DELETE' })).status, 202);
    for (const blob of [...layers, config]) {
      await fetch(`http://${endpoint}/v2/${repository}/blobs/${blob.digest}`, { method: 'DELETE' });
    }
  }
}

test('brings prod up on a registry that had lost everything, of the commits that are pinned', async () => {
  for (const service of SERVICES) {
    await bazel('run', `//services/${service}:release`);
    await bazel('run', `//services/${service}:promote`, '--', '--to=staging');
    await bazel('run', `//services/${service}:promote`, '--', '--to=prod');
  }
  await commit('record the pins');
  await rename('Later');
  await commit('a change that is not released');
  const digest = await pinnedDigest();
  await emptyRegistry();

  await assert.rejects(bazel(...APPLY), /K8S_PIN_GONE[^]*:restore -- --env=prod/);
  const restored = await bazel('run', '//prod:pins.restore', '--', '--env=prod');
  assert.match(restored, new RegExp(`${SERVER}@${digest}`));
  await bazel(...APPLY);
  const pods = JSON.parse(
    await kubectl('get', 'pods', '-n', 'prod', '-o', 'json', '-l', 'app.kubernetes.io/name=routeguide-server'),
  );
  const images = pods.items.map(
    (pod: { status: { containerStatuses: { imageID: string }[] } }) => pod.status.containerStatuses[0]?.imageID,
  );
  assert.ok(images.length > 0);
  for (const image of images) assert.ok(image?.endsWith(digest), image);
  await eventually('the client logs what the pinned commit answers', async () =>
    (await logOf('prod', 'routeguide-client')).find((line) =>
      String(line['feature']).startsWith(`Restored ${process.pid}`),
    ),
  );
});
