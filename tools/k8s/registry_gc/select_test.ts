import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../lib/digest.ts';
import { jsonOf, tableOf } from './report.ts';
import { select } from './select.ts';
import { type Held, held, inventoryOf } from './testing/held.ts';

const NOTHING = { digests: new Set<Digest>(), tags: new Set<string>() };
const ALL_OLD = { youngSinceMs: Date.parse('2020-01-01T00:00:00Z'), isKeepingTagged: false };
const using = (...digests: readonly Digest[]) => ({ ...NOTHING, digests: new Set(digests) });
const hex = (digest: Digest) => digest.slice('sha256:'.length);

const old = held('old', { layers: ['base', 'old layer'] });
const used = held('used', { layers: ['base', 'used layer'] });

interface Row {
  readonly name: string;
  readonly held: readonly Held[];
  readonly inUse: ReturnType<typeof using>;
  readonly kept: readonly Held[];
  readonly retention?: Partial<typeof ALL_OLD>;
}

const arm = held('arm', { layers: ['arm layer'] });
const index = held('index', { manifests: [used.digest, arm.digest] });
const sbom = held('sbom', { layers: ['sbom of used'], subject: used.digest });
const listed = held('listed', { layers: ['provenance'] });
const list = held('list', { manifests: [listed.digest], tags: [`sha256-${hex(used.digest)}`] });
const signature = held('signature', { layers: ['payload'], tags: [`sha256-${hex(used.digest)}.sig`] });
const signedSbom = held('signature of the sbom', { subject: sbom.digest });
const oldSignature = held('signature of old', { tags: [`sha256-${hex(old.digest)}.sig`] });
const elsewhere = held('used', { layers: ['base', 'used layer'], repository: 'b' });
const tagged = held('tagged', { tags: ['v1'] });
const young = held('young', { modified: '2020-01-01T00:00:00Z' });
const nearlyYoung = held('nearly young', { modified: '2019-12-31T23:59:59Z' });

const rows: readonly Row[] = [
  { name: 'deletes what nothing uses', held: [old, used], inUse: using(used.digest), kept: [used] },
  { name: 'deletes all where nothing is in use', held: [old, used], inUse: NOTHING, kept: [] },
  {
    name: 'keeps the manifests of an index that is in use',
    held: [old, used, arm, index],
    inUse: using(index.digest),
    kept: [used, arm, index],
  },
  {
    name: 'keeps a manifest in use without the index that it is of',
    held: [used, arm, index],
    inUse: using(used.digest),
    kept: [used],
  },
  {
    name: 'keeps documents about what is in use, and documents about these',
    held: [used, sbom, signedSbom, old],
    inUse: using(used.digest),
    kept: [used, sbom, signedSbom],
  },
  {
    name: 'keeps what the fallback tag of referrers lists, and signatures',
    held: [used, list, listed, signature, old, oldSignature],
    inUse: using(used.digest),
    kept: [used, list, listed, signature],
  },
  {
    name: 'keeps what is in use in every repository',
    held: [old, used, elsewhere],
    inUse: using(used.digest),
    kept: [used, elsewhere],
  },
  {
    name: 'keeps an image that is known by its configuration',
    held: [old, used],
    inUse: using(digestOf('used')),
    kept: [used],
  },
  {
    name: 'does not keep an image for one of its layers',
    held: [old, used],
    inUse: using(digestOf('base')),
    kept: [],
  },
  {
    name: 'keeps an image that is named by its tag',
    held: [old, tagged],
    inUse: { ...NOTHING, tags: new Set(['a:v1', 'b:v2']) },
    kept: [tagged],
  },
  { name: 'deletes an unused image that has a tag', held: [tagged], inUse: NOTHING, kept: [] },
  {
    name: 'keeps what has a tag where that is wanted, but no documents of what goes',
    held: [old, tagged, oldSignature],
    inUse: NOTHING,
    kept: [tagged],
    retention: { isKeepingTagged: true },
  },
  { name: 'keeps what was pushed just now', held: [old, young, nearlyYoung], inUse: NOTHING, kept: [young] },
];

for (const { name, held: all, inUse, kept, retention } of rows) {
  test(name, () => {
    const selection = select(inventoryOf(all), inUse, { ...ALL_OLD, ...retention });
    const names = (digests: readonly { readonly digest: Digest }[]) => digests.map(({ digest }) => digest).toSorted();
    assert.deepEqual(names(selection.kept), names(kept));
    assert.equal(selection.kept.length + selection.deleted.length, all.length);
  });
}

test('deletes an index before its manifests, in whatever order they are listed', () => {
  const outer = held('outer', { manifests: [index.digest] });
  for (const order of [
    [used, arm, index, outer],
    [outer, index, arm, used],
  ]) {
    const { deleted } = select(inventoryOf(order), NOTHING, ALL_OLD);
    assert.deepEqual(
      deleted.slice(0, 2).map(({ digest }) => digest),
      [outer.digest, index.digest],
    );
  }
});

test('counts the bytes that go, what is shared once or not at all', () => {
  const twin = held('twin', { layers: ['old layer'], repository: 'b' });
  const inventory = inventoryOf([old, twin, used], ['a broken push']);
  const selection = select(inventory, using(used.digest), ALL_OLD);
  const sizeOf = (digests: readonly Digest[]) =>
    digests.reduce((sum, digest) => sum + (inventory.blobs.get(digest) ?? 0), 0);
  // Without the base layer, which the image in use has as well.
  const first = sizeOf([old.digest, digestOf('old'), digestOf('old layer')]);
  const second = sizeOf([twin.digest, digestOf('twin')]);
  assert.deepEqual(selection.repositories, [
    { repository: 'a', kept: 1, deleted: 1, freedBytes: first },
    { repository: 'b', kept: 0, deleted: 1, freedBytes: second },
  ]);
  assert.equal(selection.strayBytes, 'a broken push'.length);
  assert.equal(selection.freedBytes, first + second + 'a broken push'.length);
  assert.equal(
    selection.totalBytes - selection.freedBytes,
    sizeOf([used.digest, digestOf('used'), digestOf('base'), digestOf('used layer')]),
  );
});

test('prints a table by repository, whose last line is a summary', () => {
  const selection = select(inventoryOf([old, used], ['stray']), using(used.digest), ALL_OLD);
  const [head, row, stray, summary] = tableOf(selection, 'collected');
  assert.match(head ?? '', /^repository +kept +deleted +freed$/);
  assert.match(row ?? '', /^a +1 +1 +\d+ B$/);
  assert.match(stray ?? '', /^\(in no image\) +- +- +5 B$/);
  assert.match(summary ?? '', /^deleted 1 of 2 manifests, \d+ B of \d+ B$/);
  assert.match(tableOf(selection, 'would be collected').at(-1) ?? '', /^would delete 1 of 2 manifests/);
  const none = select(inventoryOf([used]), using(used.digest), ALL_OLD);
  assert.match(tableOf(none, 'nothing to collect').at(-1) ?? '', /^nothing to collect: 1 manifests/);
  const json = JSON.parse(jsonOf(selection, 'would be collected')) as Record<string, unknown>;
  assert.deepEqual(json['deleted'], [{ repository: 'a', digest: old.digest }]);
  assert.equal(json['isDryRun'], true);
});
