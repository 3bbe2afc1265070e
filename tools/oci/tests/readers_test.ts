// What other programs make of our layouts: Debian's skopeo of zstd, its umoci, which knows no zstd, of gzip.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { digestOfFile } from '../../lib/digest.ts';
import { scratchFolder } from '../testing/sample_image.ts';

const run = promisify(execFile);
const [ZSTD, GZIP] = (process.env['LAYOUTS'] ?? '').split(' ').map((path) => join(process.cwd(), path));

async function unpacked(tar: string | undefined, folder: string): Promise<string> {
  const layout = join(folder, 'layout');
  await mkdir(layout);
  await run('tar', ['-xf', tar ?? '', '-C', layout]);
  return layout;
}

test('skopeo reads and copies an image with zstd layers', async () => {
  await using folder = await scratchFolder();
  const layout = await unpacked(ZSTD, folder.path);
  const inspected = JSON.parse((await run('skopeo', ['inspect', `oci:${layout}:built`])).stdout) as {
    readonly Layers: string[];
    readonly LayersData?: { readonly MIMEType: string }[];
  };
  assert.ok(inspected.Layers.length > 0);
  const copy = join(folder.path, 'copy');
  await run('skopeo', ['copy', '--insecure-policy', `oci:${layout}:built`, `dir:${copy}`]);
  for (const digest of inspected.Layers) {
    const name = digest.slice('sha256:'.length);
    assert.ok((await readdir(copy)).includes(name), digest);
    assert.equal(await digestOfFile(join(copy, name)), digest);
  }
});

test('umoci unpacks an image with gzip layers', async () => {
  await using folder = await scratchFolder();
  const layout = await unpacked(GZIP, folder.path);
  const bundle = join(folder.path, 'bundle');
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  await run('umoci', ['unpack', ...rootless, '--image', `${layout}:built`, bundle]);
  assert.equal(await readFile(join(bundle, 'rootfs/data/files/sub/data.txt'), 'utf8'), 'first line\n');
});
