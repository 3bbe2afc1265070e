import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { endNested, nestedBazel } from '../../../tools/ci/nested/nested_bazel.ts';
import { copySources } from '../../../tools/ci/reproducible/builds.ts';
import { eventually, kubectl, logOf, objectsOf, versions } from './cluster.ts';
import { personalNamespace } from '../../../tools/lib/user.ts';

// Edits a copy of the checkout, so it runs outside Bazel's sandbox: `./fathom test` starts it with `bazel run`.
const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const env = { ...process.env, FATHOM_USER: `e2e-change-${process.pid}` };
const namespace = personalNamespace({ env });
const folder = await mkdtemp(join(tmpdir(), 'fathom-change-'));
const checkout = join(folder, 'src');

const bazel = nestedBazel({ folder, isShared: true, workspace: checkout, env });

after(async () => {
  await endNested(folder, bazel);
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait=false');
});

const APPLY = ['run', '//services/routeguide/client:myns-deep.apply'];

test('pushes under 1 MB and changes the server alone after one line of the server has changed', async () => {
  await copySources(workspace, checkout, AbortSignal.timeout(60_000));
  await bazel(...APPLY);
  const before = versions(await objectsOf(namespace));
  await eventually('the client logs features', async () =>
    (await logOf(namespace, 'routeguide-client')).find(
      (line) => line['call'] === 'GetFeature' && line['feature'] === 'Laurel Bakery',
    ),
  );

  const source = join(checkout, 'services/routeguide/server/routeguide.ts');
  const text = await readFile(source, 'utf8');
  const changed = text.replace(/name: feature\.name\b/, 'name: `New ${feature.name}`');
  assert.notEqual(changed, text, 'the line to change is in routeguide.ts');
  await writeFile(source, changed);
  const output = await bazel(...APPLY);

  const [, amount = '', unit = ''] = /pushed \d+ blobs?, ([\d.]+) (B|kB|MB|GB)/.exec(output) ?? [];
  const bytes = Number(amount) * { B: 1, kB: 1e3, MB: 1e6 }[unit as 'B' | 'kB' | 'MB'];
  assert.ok(bytes > 0 && bytes < 1_000_000, `${amount} ${unit} were pushed:\n${output}`);
  const after = versions(await objectsOf(namespace));
  // What is told of the deploy is in Secrets and ConfigMaps of the engine.
  const isTold = (name: string) => /^(Secret\/|ConfigMap\/fathom-)/.test(name);
  const different = Object.keys(after).filter((name) => after[name] !== before[name] && !isTold(name));
  assert.deepEqual(different, ['Deployment/routeguide-server']);
  await eventually('the client logs the new answer', async () =>
    (await logOf(namespace, 'routeguide-client')).find((line) => line['feature'] === 'New Laurel Bakery'),
  );
});
