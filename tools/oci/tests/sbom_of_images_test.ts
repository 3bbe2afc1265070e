// What the bills of materials of images of every kind say of each package: nothing may be left open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asArray, asObject } from '../image/model.ts';
import { readJson } from '../image/read_json.ts';

interface SpdxPackage {
  readonly name: string;
  readonly versionInfo: string;
  readonly licenseDeclared: string;
  readonly sourceInfo?: string;
  readonly checksums?: readonly unknown[];
  readonly externalRefs: readonly { readonly referenceLocator: string }[];
}

/** The packages of a document, the image itself left out, by their package URLs. */
async function packagesOf(variable: string): Promise<Map<string, SpdxPackage>> {
  const path = process.env[variable] ?? '';
  const packages = asArray(asObject(await readJson(path), path)['packages'], path) as readonly SpdxPackage[];
  return new Map(packages.slice(1).map((one) => [one.externalRefs[0]?.referenceLocator ?? '', one]));
}

for (const [variable, types] of [
  ['NODEJS', ['deb', 'npm']],
  ['GO', ['golang']],
  ['JAVA', ['deb', 'maven']],
  ['PYTHON', ['deb', 'pypi']],
] as const) {
  test(`says version, licence and hash of every package of an image: ${variable}`, async () => {
    const packages = await packagesOf(variable);
    for (const type of types) {
      assert.ok(
        [...packages.keys()].some((url) => url.startsWith(`pkg:${type}/`)),
        `no ${type} in ${[...packages.keys()].join(' ')}`,
      );
    }
    for (const [url, { versionInfo, licenseDeclared, checksums, sourceInfo }] of packages) {
      assert.notEqual(versionInfo, '', url);
      assert.notEqual(licenseDeclared, 'NOASSERTION', url);
      // Go's own library comes with the toolchain, whose wheel the lock has a hash of.
      const isHashed = (checksums ?? []).length > 0 || /go\.sum: h1:\S+/.test(sourceInfo ?? '');
      assert.ok(isHashed || url.startsWith('pkg:golang/stdlib@'), `${url} has no hash`);
    }
  });
}
