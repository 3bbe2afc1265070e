import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { parseRepoMapping, runfile } from './runfiles.ts';

const folder = await mkdtemp(join(tmpdir(), 'fathom-runfiles-'));
after(() => rm(folder, { recursive: true, force: true }));

// As Bazel 7.7 writes it for a workspace `minimal` that loads Fathom as a module.
const MAPPING = `,fathom,fathom~
,minimal,_main
fathom~,fathom,fathom~
fathom~,fathom_npm,fathom~~fathom_tools~fathom_npm
fathom~,npm,fathom~~npm~npm
`;

test('finds a repository by its name in BUILD files, and by that of its folder', async () => {
  await writeFile(join(folder, '_repo_mapping'), MAPPING);
  const env = { RUNFILES_DIR: folder };
  for (const [name, path] of [
    ['fathom/tools/x.json', 'fathom~/tools/x.json'],
    ['minimal/hello/main.js', '_main/hello/main.js'],
    ['fathom_npm/node', 'fathom~~fathom_tools~fathom_npm/node'],
    ['_main/hello/main.js', '_main/hello/main.js'],
    ['fathom~/tools/x.json', 'fathom~/tools/x.json'],
  ] as const) {
    assert.equal(runfile(name, env), join(folder, path));
  }
});

test('takes names as they are with WORKSPACE, where there is no mapping', () => {
  assert.equal(runfile('fathom/tools/x.json', { RUNFILES_DIR: '/nonexistent' }), '/nonexistent/fathom/tools/x.json');
});

test('prefers what the main repository means by a name', () => {
  const mapping = parseRepoMapping('fathom~,npm,a\n,npm,b\nother~,npm,c\n');
  assert.equal(mapping.get('npm'), 'b');
});

test('refuses to guess outside a launcher', () => {
  assert.throws(() => runfile('x/y', {}), { code: 'RUNFILES_MISSING' });
});

test('a launcher whose runfiles were not made says so, and how they are', async () => {
  const launcher = join(folder, 'launcher');
  await copyFile(runfile('fathom/tools/lib/runfiles_test'), launcher);
  const start = () => promisify(execFile)(launcher, { env: { PATH: process.env['PATH'] } });
  const expected = {
    code: 1,
    stderr: `error: RUNFILES_MISSING: Starting ${launcher}: ${launcher}.runfiles is not there, or has no files
  hint: Start it by \`bazel run\`, or build it with --build_runfile_links.
`,
  };
  await assert.rejects(start, expected);
  // What Bazel leaves where it was told to make no links.
  await mkdir(`${launcher}.runfiles`);
  await writeFile(join(`${launcher}.runfiles`, 'MANIFEST'), '');
  await assert.rejects(start, expected);
});
