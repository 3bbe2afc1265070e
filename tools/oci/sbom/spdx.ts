// The bill of materials of an image as an SPDX 2.3 document. https://spdx.github.io/spdx-spec/v2.3/
import { createHash } from 'node:crypto';
import type { Digest } from '../../lib/digest.ts';
import { type PackageRecord, uniquePackages } from '../layer/package_record.ts';
import { licenceExpression } from './licences.ts';
import { imageUrl, packageUrl } from './purl.ts';

export interface SpdxOptions {
  /** The image's name in a registry. */
  readonly repository: string;
  readonly digest: Digest;
  readonly packages: readonly PackageRecord[];
}

const DOCUMENT = 'SPDXRef-DOCUMENT';
const IMAGE = 'SPDXRef-Image';

/** SPDX wants a time. It is the same in every build, as the document must be; when an image was built is in its provenance. */
const CREATED = '1970-01-01T00:00:00Z';

/** The document as data; the same packages in any order give the same document. */
export function spdxDocument({ repository, digest, packages }: SpdxOptions) {
  const unique = uniquePackages(packages);
  const licences = unique.map(licenceExpression);
  const extracted = new Map(licences.flatMap((licence) => licence.extracted.map((one) => [one.licenseId, one.name])));
  const items = unique.map((record, index) => spdxPackage(record, licences[index]?.expression ?? 'NOASSERTION'));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name: repository,
    // Never fetched: the specification's own form of a name that no two documents share.
    documentNamespace: `https://spdx.org/spdxdocs/${repository}-${digest.slice('sha256:'.length)}`,
    creationInfo: { created: CREATED, creators: ['Tool: fathom'] },
    packages: [
      {
        SPDXID: IMAGE,
        name: repository,
        versionInfo: digest,
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'NOASSERTION',
        copyrightText: 'NOASSERTION',
        primaryPackagePurpose: 'CONTAINER',
        checksums: [{ algorithm: 'SHA256', checksumValue: digest.slice('sha256:'.length) }],
        externalRefs: [purlReference(imageUrl(repository, digest))],
      },
      ...items,
    ],
    hasExtractedLicensingInfos: [...extracted]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([licenseId, name]) => ({
        licenseId,
        name,
        extractedText: `The package's registry names this licence "${name}"; its text is in the package.`,
      })),
    relationships: [
      { spdxElementId: DOCUMENT, relationshipType: 'DESCRIBES', relatedSpdxElement: IMAGE },
      ...items.map(({ SPDXID }) => ({
        spdxElementId: IMAGE,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
}

function spdxPackage(record: PackageRecord, licence: string) {
  const { type, name, version, checksum, goSum, source } = record;
  const purl = packageUrl(record);
  const notes = [
    ...(source === undefined ? [] : [`built from source package ${source}`]),
    ...(goSum === undefined ? [] : [`go.sum: ${goSum}`]),
  ];
  return {
    SPDXID: spdxId(type, name, purl),
    name,
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licence,
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: 'LIBRARY',
    ...(checksum === undefined
      ? {}
      : { checksums: [{ algorithm: checksum.algorithm, checksumValue: checksum.value }] }),
    ...(notes.length === 0 ? {} : { sourceInfo: notes.join('; ') }),
    externalRefs: [purlReference(purl)],
  };
}

/** An identifier holds letters, digits, dots and hyphens only; the hash keeps apart what that makes alike. */
function spdxId(type: string, name: string, purl: string): string {
  const hash = createHash('sha256').update(purl).digest('hex').slice(0, 12);
  return `SPDXRef-Package-${type}-${name.replaceAll(/[^A-Za-z0-9.]+/g, '-').replaceAll(/^-|-$/g, '')}-${hash}`;
}

function purlReference(purl: string) {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl };
}
