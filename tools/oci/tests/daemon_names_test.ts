// repository, tag_name and legacy_repository_naming of a container_image: what a Docker daemon calls it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runfile } from '../../lib/runfiles.ts';
import { startFakeDocker } from '../testing/fake_docker.ts';
import { scratchFolder } from '../testing/sample_image.ts';

for (const [target, name] of [
  ['named', 'bazel/tools/oci/tests:named'],
  ['named_otherwise', 'shop/tools_oci_tests:v1'],
] as const) {
  test(`${target} is called ${name}`, async () => {
    await using folder = await scratchFolder();
    await using docker = await startFakeDocker(folder.path, {});
    const { stdout } = await promisify(execFile)(runfile(`fathom/tools/oci/tests/${target}.load`), [], {
      env: { PATH: process.env['PATH'], HOME: folder.path, DOCKER_HOST: `unix://${docker.socketPath}` },
      timeout: 60_000,
    });
    assert.equal(stdout, `${name}\n`);
    const [image] = JSON.parse(docker.archive.get('manifest.json')?.toString('utf8') ?? '[]') as [
      { RepoTags: unknown },
    ];
    assert.deepEqual(image.RepoTags, [name]);
  });
}
