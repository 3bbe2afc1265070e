import assert from 'node:assert/strict';
import { chmod, rename, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createTestWorkspace, FILES, type TestWorkspace } from './testing/workspace.ts';
import { writePlan } from './write.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

const LIST = { path: 'prod/services.bzl', text: 'SERVICES = []\n', before: FILES['prod/services.bzl'] ?? '' };
const NEW = [
  { path: 'proto/x/v1/x.proto', text: 'a' },
  { path: 'services/x/main.ts', text: 'b' },
];

test('writes new files and changes old ones', async () => {
  await writePlan({ label: '//services/x', files: [...NEW, LIST] }, workspace.root);
  assert.deepEqual(await workspace.read(), {
    ...FILES,
    'proto/x/v1/x.proto': 'a',
    'services/x/main.ts': 'b',
    'prod/services.bzl': 'SERVICES = []\n',
  });
});

const FAILURES = [
  {
    name: 'never replaces a file that came after the plan',
    files: [...NEW, { path: 'services/redis/golden/myns.yaml', text: 'c' }, LIST],
    says: /Writing \/\/services\/x: EEXIST.*nothing was written/,
  },
  {
    name: 'does not undo what somebody else did to the list meanwhile',
    files: [...NEW, { ...LIST, before: 'SERVICES = ["//services/other"]\n' }],
    says: /somebody has changed it meanwhile/,
  },
  {
    name: 'takes back what it changed where the next cannot be changed',
    files: [...NEW, LIST, { path: 'package.json', text: 'c', before: 'not what it has' }],
    says: /somebody has changed it meanwhile/,
  },
  {
    name: 'takes back all where a folder cannot be made',
    files: [...NEW, { path: 'package.json/x', text: 'c' }, LIST],
    says: /EEXIST.*package\.json/,
  },
];
for (const { name, files, says } of FAILURES) {
  test(name, async () => {
    await workspace.write({ 'services/x/README.md': 'mine' });
    const before = await workspace.read();
    await assert.rejects(writePlan({ label: '//services/x', files }, workspace.root), {
      code: 'NEW_NOT_WRITTEN',
      message: says,
    });
    assert.deepEqual(await workspace.read(), before);
  });
}

test('keeps the mode of what it changes', async () => {
  await chmod(join(workspace.root, LIST.path), 0o600);
  await writePlan({ label: '//services/x', files: [LIST] }, workspace.root);
  const { mode } = await stat(join(workspace.root, LIST.path));
  assert.equal(mode & 0o777, 0o600);
});

test('changes the file that a link leads to', async () => {
  const list = join(workspace.root, LIST.path);
  await rename(list, `${list}.real`);
  await symlink('services.bzl.real', list);
  await writePlan({ label: '//services/x', files: [LIST] }, workspace.root);
  assert.equal((await workspace.read())['prod/services.bzl.real'], LIST.text);
});
