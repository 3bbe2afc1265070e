// A container_push whose image, registry and tag are chosen by `select`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

test('goes with the image, the registry and the tag that the configuration chooses', async () => {
  const launcher = await readFile(runfile('fathom/tools/oci/tests/push_chosen'), 'utf8');
  for (const word of ['tests/unpacked.json', '--registry=registry.example.net', '--default-tag=edge']) {
    assert.ok(launcher.includes(word), `the pusher is started without ${word}:\n${launcher}`);
  }
});
