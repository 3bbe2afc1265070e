import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { removeTree } from '../lib/remove_tree.ts';
import { layOutSources } from './layout.ts';
import { goSource } from './request.ts';

const folder = await mkdtemp(join(tmpdir(), 'go-layout-'));
after(() => removeTree(folder));

test('copies a folder whose own folders are write-protected, as Bazel has those that actions made', async () => {
  const given = join(folder, 'given');
  await mkdir(join(given, 'assets'), { recursive: true });
  await writeFile(join(given, 'assets', 'page.html'), 'a page');
  await symlink('page.html', join(given, 'assets', 'link.html'));
  await chmod(join(given, 'assets'), 0o555);
  await layOutSources([{ folder: 'shop', path: given }], join(folder, 'made'));
  const made = join(folder, 'made', 'shop', 'assets');
  assert.equal(await readFile(join(made, 'page.html'), 'utf8'), 'a page');
  // go:embed takes no links.
  assert.ok((await stat(join(made, 'link.html'))).isFile());
  assert.equal((await stat(made)).mode & 0o200, 0o200);
});

test('puts each source where its argument says, also into the top folder', async () => {
  const given = join(folder, 'sources');
  await mkdir(given);
  await writeFile(join(given, 'top.go'), 'package top\n');
  await writeFile(join(given, 'shop.go'), 'package shop\n');
  const sources = [`${join(given, 'top.go')}\t`, `${join(given, 'shop.go')}\tservices/shop`].map(goSource);
  await layOutSources(sources, join(folder, 'laid-out'));
  assert.equal(await readFile(join(folder, 'laid-out', 'top.go'), 'utf8'), 'package top\n');
  assert.equal(await readFile(join(folder, 'laid-out', 'services/shop/shop.go'), 'utf8'), 'package shop\n');
});
