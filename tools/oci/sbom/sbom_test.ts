import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { parseStatus } from '../image/stamp.ts';
import { debianLicences } from '../layer/debian_copyright.ts';
import { parseBuildInfo } from '../layer/go_buildinfo.ts';
import { type PackageRecord, integrityChecksum, uniquePackages, withLockedFacts } from '../layer/package_record.ts';
import { metadataLicence } from '../layer/wheel_metadata.ts';
import { schemaProblems } from '../testing/schemas.ts';
import { isExpression, licenceExpression } from './licences.ts';
import { provenanceStatement } from './provenance.ts';
import { packageUrl } from './purl.ts';
import { spdxDocument } from './spdx.ts';

const SCHEMA = process.env['SPDX_SCHEMA'] ?? '';
const digest = digestOf('manifest');

const PACKAGES: readonly PackageRecord[] = [
  {
    type: 'deb',
    name: 'libc6',
    version: '2.41-12',
    architecture: 'amd64',
    licence: 'GPL-2+; LGPL-2.1+; some old licence',
    checksum: { algorithm: 'SHA256', value: 'a'.repeat(64) },
    source: 'glibc',
  },
  { type: 'npm', name: '@grpc/grpc-js', version: '1.14.7', licence: 'Apache-2.0' },
  { type: 'golang', name: 'golang.org/x/net', version: 'v0.42.0', goSum: 'h1:abc=' },
  { type: 'maven', name: 'org.slf4j:slf4j-api', version: '2.0.16', licence: 'The MIT License' },
  { type: 'pypi', name: 'requests', version: '2.32.0', licence: 'Apache-2.0' },
];

const document = () => spdxDocument({ repository: 'services/x', digest, packages: PACKAGES });

test('writes a document that the SPDX schema accepts', () => {
  assert.deepEqual(schemaProblems(SCHEMA, document()), []);
});

test('writes what the SPDX schema asks for: without it, the schema refuses', () => {
  const { spdxVersion: _, ...rest } = document();
  assert.deepEqual(schemaProblems(SCHEMA, rest), [" must have required property 'spdxVersion'"]);
});

test('writes only licence expressions that SPDX has, and explains each reference', () => {
  const made = document();
  const references = new Set<string>(made.hasExtractedLicensingInfos.map(({ licenseId }) => licenseId));
  for (const { licenseDeclared, name } of made.packages) {
    if (licenseDeclared === 'NOASSERTION') continue;
    assert.ok(isExpression(licenseDeclared), `${name}: ${licenseDeclared}`);
    for (const [used] of licenseDeclared.matchAll(/LicenseRef-[\w.-]+/g)) assert.ok(references.has(used), used);
  }
});

test('does not depend on the order of packages, nor on how often one is named', () => {
  const again = spdxDocument({ repository: 'services/x', digest, packages: [...PACKAGES, ...PACKAGES.toReversed()] });
  assert.deepEqual(again, document());
});

test('says of each package its version, hash, licence and package URL', () => {
  const libc = document().packages.find(({ name }) => name === 'libc6');
  assert.deepEqual(libc, {
    SPDXID: libc?.SPDXID,
    name: 'libc6',
    versionInfo: '2.41-12',
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'GPL-2.0-or-later AND LGPL-2.1-or-later AND LicenseRef-some-old-licence-4561984e',
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: 'LIBRARY',
    checksums: [{ algorithm: 'SHA256', checksumValue: 'a'.repeat(64) }],
    sourceInfo: 'built from source package glibc',
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: 'pkg:deb/debian/libc6@2.41-12?arch=amd64',
      },
    ],
  });
});

for (const [index, expected] of [
  'pkg:deb/debian/libc6@2.41-12?arch=amd64',
  'pkg:npm/%40grpc/grpc-js@1.14.7',
  'pkg:golang/golang.org/x/net@v0.42.0',
  'pkg:maven/org.slf4j/slf4j-api@2.0.16',
  'pkg:pypi/requests@2.32.0',
].entries()) {
  test(`names a package ${expected}`, () => {
    const record = PACKAGES[index];
    assert.ok(record !== undefined);
    assert.equal(packageUrl(record), expected);
  });
}

for (const [licence, expected] of [
  ['GPL-2+', 'GPL-2.0-or-later'],
  ['GPL-3', 'GPL-3.0-only'],
  ['GFDL-1.3+', 'GFDL-1.3-or-later'],
  ['Expat', 'MIT'],
  ['BSD-3-clause', 'BSD-3-Clause'],
  ['LGPL-2.1+ or Apache-2.0', 'LGPL-2.1-or-later OR Apache-2.0'],
  ['GPL-2+; Expat or Zlib', '(MIT OR Zlib) AND GPL-2.0-or-later'],
  ['ISC and Zlib; Zlib and Expat', 'ISC AND MIT AND Zlib'],
  ['GPL-3+ with GCC exception', 'GPL-3.0-or-later WITH GCC-exception-3.1'],
] as const) {
  test(`reads Debian’s licence "${licence}" as ${expected}`, () => {
    const made = licenceExpression({ type: 'deb', name: 'x', version: '1', licence });
    assert.deepEqual(made, { expression: expected, extracted: [] });
  });
}

test('keeps a licence that SPDX does not have as a reference with the registry’s words', () => {
  const made = licenceExpression({ type: 'npm', name: 'x', version: '1', licence: 'SEE LICENSE IN LICENSE.txt' });
  assert.match(made.expression, /^LicenseRef-SEE-LICENSE-IN-LICENSE.txt-[0-9a-f]{8}$/);
  assert.deepEqual(made.extracted, [{ licenseId: made.expression, name: 'SEE LICENSE IN LICENSE.txt' }]);
  assert.ok(isExpression(made.expression));
});

test('reads the licences of a machine-readable copyright file, those of its files only', () => {
  const copyright = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x',
    'Files: *\nCopyright: somebody\nLicense: GPL-2+\n The text.',
    'Files: debian/*\nCopyright: another\nLicense: Expat',
    'License: Expat\n Permission is hereby granted',
    'License: unused\n Another text',
  ].join('\n\n');
  assert.deepEqual(debianLicences(copyright), ['Expat', 'GPL-2+']);
});

test('reads which common licences a prose copyright file refers to', () => {
  const copyright =
    'On Debian systems see `/usr/share/common-licenses/LGPL-2.1`, and /usr/share/common-licenses/GPL-2.\n';
  assert.deepEqual(debianLicences(copyright), ['GPL-2', 'LGPL-2.1']);
  assert.deepEqual(debianLicences('All rights reserved'), []);
});

test('reads the licence of a Python package out of its headers alone', () => {
  const expression = 'Metadata-Version: 2.4\nName: x\nLicense-Expression: Apache-2.0 OR MIT\nLicense: see file\n\ntext';
  assert.equal(metadataLicence(expression), 'Apache-2.0 OR MIT');
  assert.equal(metadataLicence('Name: x\r\nLicense: BSD License\r\n\r\ntext'), 'BSD License');
  assert.equal(metadataLicence(`Name: x\nLicense: ${'Copyright and so on '.repeat(5)}\n\n`), undefined);
  assert.equal(metadataLicence('Name: x\n\nLicense: of the description'), undefined);
});

test('completes what a Go program says of its modules by the lock, and overwrites nothing', () => {
  const net = { type: 'golang', name: 'golang.org/x/net', version: 'v0.42.0' } as const;
  const locked = [
    { ...net, goSum: 'h1:abc=', licence: 'BSD-3-Clause' },
    { ...net, version: 'v0.43.0', goSum: 'h1:other=' },
    { ...net, name: 'not/linked' },
  ];
  assert.deepEqual(withLockedFacts([net], locked), [locked[0]]);
  assert.deepEqual(withLockedFacts([{ ...net, goSum: 'h1:own=' }], locked), [{ ...locked[0], goSum: 'h1:own=' }]);
  assert.deepEqual(withLockedFacts([net], []), [net]);
});

test('turns an npm integrity text into a checksum', () => {
  const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
  assert.deepEqual(integrityChecksum(integrity), { algorithm: 'SHA512', value: '01'.repeat(64) });
  assert.equal(integrityChecksum('md5-xyz'), undefined);
});

/** What Go's linker writes behind the header. */
function buildInfo(version: string, modules: string): Buffer {
  const sentinel = '0123456789abcdef';
  const text = (value: string) => {
    const length = Buffer.byteLength(value);
    const digits = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
    return Buffer.concat([Buffer.from(digits), Buffer.from(value)]);
  };
  return Buffer.concat([text(version), text(`${sentinel}${modules}${sentinel}`), Buffer.alloc(20)]);
}

test('reads the modules of a Go program, with what replaces them, without a module of no version', () => {
  const modules = [
    'path\texample.com/cmd',
    'mod\tfathom/third_party/go/x\t(devel)\t',
    'dep\tgolang.org/x/net\tv0.42.0\th1:abc=',
    'dep\tk8s.io/api\tv0.0.0',
    '=>\tk8s.io/api\tv0.34.4\th1:def=',
    'build\tCGO_ENABLED=0',
  ].join('\n');
  assert.deepEqual(parseBuildInfo(buildInfo('go1.26.4', modules)), [
    { type: 'golang', name: 'stdlib', version: '1.26.4' },
    { type: 'golang', name: 'golang.org/x/net', version: 'v0.42.0', goSum: 'h1:abc=' },
    { type: 'golang', name: 'k8s.io/api', version: 'v0.34.4', goSum: 'h1:def=' },
  ]);
});

test('finds no modules in what is no Go program’s header', () => {
  assert.deepEqual(parseBuildInfo(Buffer.from('nothing of the kind')), []);
  assert.deepEqual(parseBuildInfo(Buffer.alloc(0)), []);
});

test('orders packages and keeps each once', () => {
  const [a, b] = [PACKAGES[1], PACKAGES[0]];
  assert.ok(a !== undefined && b !== undefined);
  assert.deepEqual(uniquePackages([a, b, a]), [b, a]);
});

const provenance = (status?: ReadonlyMap<string, string>) =>
  provenanceStatement({
    repository: 'services/x',
    digest,
    target: '//services/x:image',
    platform: 'linux/amd64',
    layers: [{ digest: digestOf('layer'), createdBy: '//services/x:layer' }],
    packages: PACKAGES.slice(0, 2),
    builder: 'https://fathom.internal/builders/bazel',
    ...(status === undefined ? {} : { status }),
  });

test('states what an image was made of, without a time', () => {
  assert.deepEqual(provenance(), {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'services/x', digest: { sha256: digest.slice(7) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'https://fathom.internal/build-types/oci_image/v1',
        externalParameters: { target: '//services/x:image', platform: 'linux/amd64' },
        internalParameters: {},
        resolvedDependencies: [
          { uri: 'pkg:deb/debian/libc6@2.41-12?arch=amd64', digest: { sha256: 'a'.repeat(64) } },
          { uri: 'pkg:npm/%40grpc/grpc-js@1.14.7' },
        ],
      },
      runDetails: {
        builder: { id: 'https://fathom.internal/builders/bazel' },
        byproducts: [{ name: '//services/x:layer', digest: { sha256: digestOf('layer').slice(7) } }],
      },
    },
  });
});

test('states commit and time of a stamped build', () => {
  const status = parseStatus('BUILD_TIMESTAMP 1700000000\nBUILD_SCM_REVISION 0123abcd\nBUILD_USER x\n');
  const { buildDefinition, runDetails } = provenance(status).predicate;
  assert.deepEqual(buildDefinition.resolvedDependencies[0], { name: 'source', digest: { gitCommit: '0123abcd' } });
  assert.deepEqual(runDetails.metadata, { finishedOn: '2023-11-14T22:13:20.000Z' });
});
