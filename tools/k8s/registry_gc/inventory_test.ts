import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { parseInventory } from './inventory.ts';
import { parseInvocation } from './settings.ts';
import { held, listOf } from './testing/held.ts';

const { digest, lines } = held('web', { layers: ['layer'], subject: digestOf('other'), tags: ['v1'] });

test('reads manifests with what they name, tags, and sizes', () => {
  const { manifests, tags, blobs } = parseInventory(listOf(lines));
  const [manifest] = manifests;
  assert.ok(manifest);
  assert.deepEqual(manifest.references, [digestOf('web'), digestOf('layer')]);
  assert.deepEqual([manifest.digest, manifest.config, manifest.subject], [digest, digestOf('web'), digestOf('other')]);
  assert.equal(new Date(manifest.modifiedMs).toISOString(), '2001-01-01T00:00:00.000Z');
  assert.deepEqual(tags, [{ repository: 'a', tag: 'v1', digest }]);
  assert.equal(blobs.get(digestOf('layer')), 'layer'.length);
});

test('an empty registry holds nothing', () => {
  assert.deepEqual(parseInventory(listOf([])), { manifests: [], tags: [], blobs: new Map() });
});

const [manifestLine = ''] = lines;
const changed = (fields: object) => JSON.stringify({ ...(JSON.parse(manifestLine) as object), ...fields });

for (const [name, text] of [
  ['a list without an end', lines.join('\n')],
  ['a list that lacks a line', listOf(lines).split('\n').slice(1).join('\n')],
  ['a list of which only the end came', listOf(lines).split('\n').at(-2) ?? ''],
  ['a line that is cut off', listOf([manifestLine.slice(0, -5)])],
  ['a line of an unknown kind', listOf(['{"kind":"novelty"}'])],
  ['a digest of another form', listOf(['{"kind":"blob","digest":"sha512:1","size":1}'])],
  ['a manifest of other bytes', listOf([changed({ content: Buffer.from('{}').toString('base64') })])],
  ['a manifest without a time', listOf([changed({ modified: 'yesterday' })])],
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
