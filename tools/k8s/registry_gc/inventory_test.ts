import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { parseInventory } from './inventory.ts';
import { parseInvocation } from './settings.ts';
import { held } from './testing/held.ts';

const END = '{"kind":"end"}';
const { digest, lines } = held('web', { layers: ['layer'], subject: digestOf('other'), tags: ['v1'] });

test('reads manifests with what they name, tags, and sizes', () => {
  const { manifests, tags, blobs } = parseInventory([...lines, END, ''].join('\n'));
  const [manifest] = manifests;
  assert.ok(manifest);
  assert.deepEqual(manifest.references, [digestOf('web'), digestOf('layer')]);
  assert.deepEqual([manifest.digest, manifest.config, manifest.subject], [digest, digestOf('web'), digestOf('other')]);
  assert.equal(new Date(manifest.modifiedMs).toISOString(), '2001-01-01T00:00:00.000Z');
  assert.deepEqual(tags, [{ repository: 'a', tag: 'v1', digest }]);
  assert.equal(blobs.get(digestOf('layer')), 'layer'.length);
});

test('an empty registry holds nothing', () => {
  assert.deepEqual(parseInventory(END), { manifests: [], tags: [], blobs: new Map() });
});

const [manifestLine = ''] = lines;
const changed = (fields: object) => JSON.stringify({ ...(JSON.parse(manifestLine) as object), ...fields });

for (const [name, text] of [
  ['a list without an end', lines.join('\n')],
  ['a line that is cut off', `${manifestLine.slice(0, -5)}\n${END}`],
  ['a line of an unknown kind', `{"kind":"novelty"}\n${END}`],
  ['a digest of another form', `{"kind":"blob","digest":"sha512:1","size":1}\n${END}`],
  ['a manifest of other bytes', `${changed({ content: Buffer.from('{}').toString('base64') })}\n${END}`],
  ['a manifest without a time', `${changed({ modified: 'yesterday' })}\n${END}`],
  ['text that is none of it', 'Usage:\n  registry [command]\n'],
] as const) {
  test(`refuses ${name}`, () => {
    assert.throws(() => parseInventory(text), { code: 'K8S_REGISTRY_INVENTORY' });
  });
}

test('reads what the launcher says, and leaves the rest to the caller', () => {
  const own = ['--plan', 'p', '--registry=r', '--deployment=d', '--program=x', '--config=c', '--read-only-config=o'];
  const { plan, settings, services, rest } = parseInvocation([...own, '--service', 's', '--caller', '--dry-run']);
  assert.deepEqual([plan, services, rest], ['p', ['s'], ['--dry-run']]);
  assert.deepEqual(settings, { registry: 'r', deployment: 'd', program: 'x', config: 'c', readOnlyConfig: 'o' });
  for (const argv of [[], own, ['--caller'], [...own.slice(2), '--caller'], ['--what', '--caller']]) {
    assert.throws(() => parseInvocation(argv), { code: 'K8S_USAGE' });
  }
});
