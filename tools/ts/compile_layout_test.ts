import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compilerFolder } from './compile_folder.ts';
import { type CompileParams, layOut } from './compile_layout.ts';

const given = await mkdtemp(join(tmpdir(), 'layout-test-'));
const folder = compilerFolder(given);
after(() => rm(given, { recursive: true }));

const PARAMS: CompileParams = {
  label: '//:lib',
  tsc: 'tsc',
  tsconfigs: [],
  npmRepository: 'npm',
  srcs: [],
  deps: [],
  owners: [],
  packages: [],
  directPackages: [],
  outputs: [],
  emit: 'types',
  stamp: '',
  diagnostics: '',
};
const packageJson = async () => JSON.parse(await readFile(join(folder.root, 'package.json'), 'utf8')) as unknown;

test('lets a source see the package.json of its workspace, and all files be modules', async () => {
  const path = join(given, 'given.json');
  await writeFile(path, JSON.stringify({ version: '1.2.3' }));
  layOut({ ...PARAMS, srcs: [{ path, name: 'package.json' }] }, folder);
  assert.deepEqual(await packageJson(), { version: '1.2.3', type: 'module' });
});

test('leaves a package.json that is not JSON to the compiler, which says so', async () => {
  const path = join(given, 'broken.json');
  await writeFile(path, '{"version": ');
  layOut({ ...PARAMS, srcs: [{ path, name: 'package.json' }] }, folder);
  assert.equal(await readFile(join(folder.root, 'package.json'), 'utf8'), '{"version": ');
  layOut({ ...PARAMS, srcs: [{ path, name: 'package.json' }], emit: 'js' }, folder);
  assert.deepEqual(await packageJson(), { type: 'module' });
});

test('shows no package.json to a target that has none', async () => {
  layOut(PARAMS, folder);
  assert.deepEqual(await packageJson(), { type: 'module' });
});
