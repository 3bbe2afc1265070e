// `bazel run //tools/ci/release:elsewhere`: the archive of HEAD, downloaded and checked by Bazel with the lines that a
// release prints, carries examples/minimal, in a folder that has nothing else of the checkout; and the examples need
// nothing of the services that it has.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readExamples } from '../../lib/examples.ts';
import { workspaceLines, writeArchive } from '../../release/release.ts';
import { endNested, nestedBazel } from '../nested/nested_bazel.ts';

const checkout = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const folder = await mkdtemp(join(tmpdir(), 'fathom-release-'));
const workspace = join(folder, 'workspace');
const bazel = nestedBazel({ folder, workspace, env: process.env, timeoutMs: 1_800_000 });
after(() => endNested(folder, bazel));

test('a workspace that loads the archive analyses', async () => {
  const release = await writeArchive({ workspace: checkout, output: join(folder, 'out') });
  await cp(join(checkout, 'examples', 'minimal'), workspace, {
    recursive: true,
    filter: (path) => !/\/(bazel-[^/]*|node_modules)$/.test(path),
  });
  const path = join(workspace, 'WORKSPACE');
  const text = await readFile(path, 'utf8');
  const local = /local_repository\(\n {4}name = "fathom",\n.*\n\)\n/.exec(text)?.[0] ?? '';
  assert.notEqual(local, '', 'the example loads the checkout by local_repository');
  await writeFile(path, text.replace(local, workspaceLines(release)));
  assert.match(await bazel('build', '--nobuild', '//hello/...'), /Build completed successfully/);

  // Red once: other bytes than those of the line.
  await writeFile(path, text.replace(local, workspaceLines({ ...release, sha256: '0'.repeat(64) })));
  await assert.rejects(bazel('build', '--nobuild', '//hello/...'), /Checksum was/);
});

test('the examples pass their tests with an archive that has no services', { timeout: 3_600_000 }, async () => {
  const { archive, stripPrefix } = await writeArchive({ workspace: checkout, output: join(folder, 'out') });
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const root = join(folder, stripPrefix);
  await rm(join(root, 'services'), { recursive: true });
  const examples = await readExamples(root);
  assert.ok(examples.length >= 3);
  for (const [index, { folder: example, targets }] of examples.entries()) {
    const bazelThere = nestedBazel({
      folder,
      name: `out${index}`,
      workspace: join(root, example),
      env: process.env,
      timeoutMs: 1_800_000,
    });
    try {
      assert.match(await bazelThere('test', '--', ...targets), / tests? pass(es)?\./, example);
    } finally {
      await bazelThere('shutdown');
    }
  }
});
