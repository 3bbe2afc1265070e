// Against a real Docker daemon, at DOCKER_HOST or its usual socket.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { imageOf, layerOf, text } from '../testing/built_layers.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { loadDocker } from './docker.ts';
import { DockerApi, dockerAddress } from './docker_api.ts';

const docker = async (...args: string[]) => (await promisify(execFile)('docker', args)).stdout;

test('loads images into Docker, the second without the layer that both have', async () => {
  await using folder = await scratchFolder();
  const api = new DockerApi(dockerAddress(process.env['DOCKER_HOST']), new AbortController().signal);
  const unique = `fathom-load-test-${process.pid}`;
  const names = [`${unique}:one`, `${unique}:two`];
  const base = await layerOf(folder.path, 'base', [text('/base', unique)]);
  try {
    for (const [index, name] of names.entries()) {
      const app = await layerOf(folder.path, `app${index}`, [text('/app', `${unique} ${index}`)]);
      const image = await imageOf(folder.path, `i${index}`, [base, app]);
      const report = await loadDocker(api, { image, names: [name] });
      assert.deepEqual(report, { sentLayers: 2 - index, presentLayers: index });
      const diffIds = [base, app].map(({ descriptor }) => descriptor.diffId);
      const format = '{{json .RootFS.Layers}}';
      assert.deepEqual(JSON.parse(await docker('image', 'inspect', '--format', format, name)), diffIds);
    }
  } finally {
    await docker('image', 'rm', '--force', ...names).catch(() => undefined);
  }
});
