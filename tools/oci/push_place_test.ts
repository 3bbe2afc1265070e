import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../lib/errors.ts';
import { type Place, type PlaceOptions, placeOf } from './push_place.ts';

const FILES: Readonly<Record<string, string>> = {
  'stable-status.txt': 'BUILD_USER alice\nSTABLE_GIT_COMMIT abc123\n',
  'volatile-status.txt': 'BUILD_TIMESTAMP 1700000000\n',
  repository: 'team/from-file\n',
  tags: 'v1\n\n{BUILD_TIMESTAMP}\n',
  empty: '\n',
};
const statusFiles = ['stable-status.txt', 'volatile-status.txt'];
const named = { registry: 'registry.example', repository: 'team/app' };

const PLACES: Readonly<Record<string, readonly [PlaceOptions, Place]>> = {
  'what the target says': [
    { ...named, defaultTags: ['latest'] },
    { ...named, tags: ['latest'] },
  ],
  "the caller's tags instead of the target's": [
    { ...named, tags: ['mine'], defaultTags: ['latest'], tagFile: 'tags', statusFiles },
    { ...named, tags: ['mine'] },
  ],
  'stamps in all three': [
    {
      registry: '{BUILD_USER}.example',
      repository: 'team/{BUILD_USER}',
      defaultTags: ['{STABLE_GIT_COMMIT}'],
      statusFiles,
    },
    { registry: 'alice.example', repository: 'team/alice', tags: ['abc123'] },
  ],
  'files, whose tags are stamped as well': [
    { registry: 'registry.example', repositoryFile: 'repository', tagFile: 'tags', statusFiles },
    { registry: 'registry.example', repository: 'team/from-file', tags: ['v1', '1700000000'] },
  ],
  "the caller's repository instead of a file's": [
    { ...named, repositoryFile: 'repository' },
    { ...named, tags: [] },
  ],
};

const read = async (path: string): Promise<string> => FILES[path] ?? assert.fail(path);

for (const [what, [options, place]] of Object.entries(PLACES)) {
  test(`takes ${what}`, async () => assert.deepEqual(await placeOf(options, read), place));
}

const REFUSED: Readonly<Record<string, readonly [PlaceOptions, string, RegExp]>> = {
  'a key that the status lacks': [
    { ...named, defaultTags: ['{STABLE_VERSION}'], statusFiles },
    'OCI_STAMP_UNKNOWN',
    /^Pushing an image: 'tag' has \{STABLE_VERSION\}/,
  ],
  'no repository': [{ registry: 'registry.example' }, 'OCI_USAGE', /--repository is missing/],
  'an empty file': [{ registry: 'registry.example', repositoryFile: 'empty' }, 'OCI_USAGE', /\(empty is empty\)/],
  'no registry': [{ repository: 'team/app' }, 'OCI_USAGE', /--registry is missing/],
};

for (const [what, [options, code, message]] of Object.entries(REFUSED)) {
  test(`refuses ${what}`, () =>
    assert.rejects(placeOf(options, read), (error) => {
      assert.ok(error instanceof ToolError && error.hint !== undefined);
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    }));
}
